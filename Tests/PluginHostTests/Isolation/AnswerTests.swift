import CTrainyard
import Glibc
import Support
import Testing

@testable import PluginHost

/// A helper that lies: the host says so, and neither believes it nor traps.
@Suite struct AnswerTests {
  /// Says all it has to say at once, and hears nothing. Requests are counted from 1.
  private final class Liar: HelperPeer {
    private let line: Int32
    private(set) var isKilled = false

    init(_ line: Int32, saying bytes: [UInt8]) {
      self.line = line
      _ = send(line, bytes, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
    }

    deinit { close(line) }

    func poll(_ descriptors: [Int32], _ events: Int16, until deadline: Deadline) -> [Bool] {
      descriptors.map { descriptor in
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        return Glibc.poll(&entry, 1, 0) > 0
      }
    }

    func wait(until deadline: Deadline) -> ProcessEnding { .exited(code: 1) }
    func kill() { isKilled = true }
    var errors: [UInt8] { [] }
    func takeErrors() -> [UInt8] { [] }
  }

  private static func message(_ kind: MessageKind, _ number: UInt64?, _ body: [UInt8]) -> [UInt8] {
    var writer = WireWriter()
    writer.put(UInt32(body.count + (number == nil ? 0 : 8)))
    writer.put(kind.rawValue)
    if let number { writer.put(number) }
    writer.append(body)
    return writer.bytes
  }

  private static func body(_ fill: (inout WireWriter) -> Void) -> [UInt8] {
    var writer = WireWriter()
    fill(&writer)
    return writer.bytes
  }

  private static let hello = message(
    .hello, nil,
    body {
      $0.put(helperProtocolVersion)
      $0.put(UInt32(0))
    })
  private static let noEffects = body { $0.put(UInt32(0)) }

  /// A group whose only helper says these messages behind its greeting.
  private func group(_ messages: [[UInt8]]) -> HelperGroup {
    HelperGroup(name: "it", isShared: false) { () throws(HelperDeath) in
      var ends: [Int32] = [-1, -1]
      let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
      guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw HelperDeath(words: "no sockets") }
      var count: UInt64 = 0
      return StartedHelper(Liar(ends[1], saying: Self.hello + messages.flatMap(\.self)), socket: ends[0]) {
        count += 1
        return count
      }
    }
  }

  private func component(_ kind: PluginKind) -> ComponentDescription {
    ComponentDescription(
      kind: kind, id: "it", version: "1", summary: "", options: [],
      library: LibraryFacts(path: "/libit.so", abi: "0.1"), hooks: [], slots: ["state_save"], flags: 0)
  }

  private func settings() -> IsolationSettings {
    var settings = IsolationSettings()
    settings.deadline = .milliseconds(200)
    return settings
  }

  // MARK: Numbers

  private func monitor(_ messages: [[UInt8]]) throws -> RemoteMonitor {
    try RemoteMonitor(
      group(messages), component: component(.monitor), name: "it", options: [:], settings: settings(),
      services: RecordingServices())
  }

  private func fault(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch { return "\(error)" }
  }

  @Test func `an answer that is given twice is not taken for the next`() throws {
    let done = (1...4).map { Self.message(.done, UInt64($0), Self.noEffects) }
    let honest = try monitor(done)
    #expect(fault { try honest.reset() } == nil)
    #expect(fault { try honest.passBegin(1) } == nil)
    let lying = try monitor([done[0], done[1], done[1], done[2]])
    #expect(fault { try lying.reset() } == nil)
    #expect(
      fault { try lying.passBegin(1) }
        == "its helper process broke the protocol (an answer to no question) and was killed")
  }

  @Test(arguments: [MessageKind.failed, .query, .done])
  func `what is said without the number of the request is believed by nobody`(kind: MessageKind) throws {
    let done = Self.message(.done, 1, Self.noEffects)
    for number in [UInt64(0), 1, 3, .max] {
      let lying = try monitor([done, Self.message(kind, number, Self.noEffects)])
      #expect(
        fault { try lying.reset() }
          == "its helper process broke the protocol (an answer to no question) and was killed")
    }
    let short = try monitor([done, Self.message(kind, nil, [1, 2, 3])])
    #expect(fault { try short.reset() } != nil)
  }

  // MARK: Models

  private static func tensor(_ writer: inout WireWriter, _ shape: [Int64], _ offset: UInt64, bits: UInt8 = 32)
  {
    writer.put(UInt8(TY_DTYPE_FLOAT))
    writer.put(bits)
    writer.put(true)
    writer.put(list: shape) { $0.put($1) }
    writer.put(offset)
  }

  private static func weights(_ shape: [Int64], _ offset: UInt64, bits: UInt8 = 32) -> [UInt8] {
    body {
      $0.put(UInt32(0))
      $0.put(UInt32(1))
      $0.put("w")
      $0.put(true)
      tensor(&$0, shape, offset, bits: bits)
    }
  }

  private static func room(_ size: UInt64, _ use: SharedUse = .weights) -> [UInt8] {
    body {
      $0.put(HelperQuery.room.rawValue)
      $0.put(use.rawValue)
      $0.put(size)
    }
  }

  private func model(_ messages: [[UInt8]]) throws -> RemoteModel {
    try RemoteModel(
      group([Self.message(.done, 1, Self.noEffects)] + messages), component: component(.model), name: "it",
      options: [:], settings: settings(), services: RecordingServices())
  }

  private static let lies: [(room: UInt64?, shape: [Int64], offset: UInt64, bits: UInt8, why: Comment)] = [
    (nil, [1], 0, 32, "there is no memory"),
    (64, [1], 1 << 40, 32, "it begins beyond the memory"),
    (64, [1], .max, 32, "it begins at the end of the world"),
    (64, [1 << 40], 0, 32, "it is longer than the memory"),
    (64, [1 << 31, 1 << 31, 4], 0, 32, "its size is beyond all numbers"),
    (64, [-1], 0, 32, "it has a negative length"),
    (64, [1], 4, 64, "it is not where tensors lie"),
    (64, [1], 0, 3, "its type does not exist"),
    (1 << 60, [1], 0, 32, "no machine has so much memory"),
  ]

  @Test(arguments: lies)
  func `weights that lie elsewhere than in their memory are refused`(
    room: UInt64?, shape: [Int64], offset: UInt64, bits: UInt8, why: Comment
  ) throws {
    let asked = room.map { [Self.message(.query, 2, Self.room($0))] } ?? []
    let lying = try model(asked + [Self.message(.done, 2, Self.weights(shape, offset, bits: bits))])
    #expect(fault { _ = try lying.weightCount() } != nil, why)
    var weight = ty_weight()
    #expect(fault { try lying.weight(0, into: &weight) } != nil, why)
  }

  @Test func `weights within their memory are what lies there`() throws {
    let honest = try model([
      Self.message(.query, 2, Self.room(64)), Self.message(.done, 2, Self.weights([2, 2], 0)),
    ])
    #expect(try honest.weightCount() == 1)
    var weight = ty_weight()
    try honest.weight(0, into: &weight)
    #expect(String(cString: weight.name) == "w" && weight.tensor.shape[1] == 2)
    #expect(fault { try honest.weight(1, into: &weight) } != nil)
  }

  @Test func `memory is given for weights alone, and when they are asked for`() throws {
    for (use, call) in [(SharedUse.input, 2), (.output, 2), (.answers, 2), (.weights, 1)]
      as [(SharedUse, UInt64)]
    {
      let messages = [
        Self.message(.query, call, Self.room(64, use)), Self.message(.done, 2, Self.weights([1], 0)),
      ]
      let refused = fault {
        let made =
          call == 1
          ? try RemoteModel(
            group(messages), component: component(.model), name: "it", options: [:], settings: settings(),
            services: RecordingServices()) : try model(messages)
        _ = try made.weightCount()
      }
      #expect(refused?.contains("has no use for") == true, "\(use): \(refused ?? "")")
    }
  }
}
