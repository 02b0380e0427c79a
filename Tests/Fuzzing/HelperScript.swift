import Glibc
import PluginHost

/// What helpers say whatever they are asked, one helper after another. The bytes are messages: what it is, two bytes
/// with its length, its body.
///
/// 0 to 6 are the kinds of the protocol, in their order: hello, request, done, failed, query, answer, memory. 7 is the
/// end of this helper, without length and body; 8 are bytes as they are. A helper that does not begin with a hello has
/// said a right one before. What is done, failed or asked carries the number of the request that it belongs to: requests
/// are counted from 1 here, and each ends with one that is done or failed.
final class HelperScript {
  private var rest: ArraySlice<UInt8>
  private var asked: UInt64 = 0

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  /// A helper that says all it has to say at once, and hears nothing.
  func start() throws(HelperDeath) -> StartedHelper {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    precondition(socketpair(AF_UNIX, kind, 0, &ends) == 0, "no sockets: error \(errno)")
    asked = 0
    var heard: UInt64 = 0
    return StartedHelper(ScriptedPeer(line: ends[1], saying: next()), socket: ends[0]) {
      heard += 1
      return heard
    }
  }

  private func next() -> [UInt8] {
    var stream: [UInt8] = []
    var hasBegun = false
    while let tag = rest.popFirst().map({ $0 % 9 }), tag != 7 {
      let low = Int(rest.popFirst() ?? 0)
      let high = Int(rest.popFirst() ?? 0)
      let body = rest.prefix(low | high << 8)
      rest = rest.dropFirst(body.count)
      if !hasBegun, tag != 0 { stream += Self.hello }
      hasBegun = true
      stream += tag == 8 ? Array(body) : message(tag, body)
    }
    return hasBegun ? stream : Self.hello
  }

  private static let hello = message(0, nil, [2, 0, 0, 0, 0, 0, 0, 0])

  private func message(_ tag: UInt8, _ body: ArraySlice<UInt8>) -> [UInt8] {
    guard [2, 3, 4].contains(tag) else { return Self.message(tag, nil, body) }
    let number = asked + 1
    if tag != 4 { asked = number }
    return Self.message(tag, number, body)
  }

  private static func message(_ tag: UInt8, _ number: UInt64?, _ body: ArraySlice<UInt8>) -> [UInt8] {
    var writer = WireWriter()
    writer.put(UInt32(body.count + (number == nil ? 0 : 8)))
    writer.put(UInt32(0x7479_0001) + UInt32(tag))
    if let number { writer.put(number) }
    writer.append(Array(body))
    return writer.bytes
  }
}

/// A process that there is not.
private final class ScriptedPeer: HelperPeer {
  private let line: Int32

  init(line: Int32, saying stream: [UInt8]) {
    self.line = line
    _ = send(line, stream, stream.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
    shutdown(line, Int32(SHUT_WR))
  }

  deinit { close(line) }

  /// All has been said: nobody waits for long.
  func poll(_ descriptors: [Int32], _ events: Int16, until deadline: Deadline) -> [Bool] {
    if events & Int16(POLLOUT) != 0 {
      var heard = [UInt8](repeating: 0, count: 1 << 16)
      while recv(line, &heard, heard.count, Int32(MSG_DONTWAIT)) > 0 {}
    }
    return descriptors.map { _ in true }
  }

  func wait(until deadline: Deadline) -> ProcessEnding { .exited(code: 1) }
  func kill() {}
  var errors: [UInt8] { Array("its last words\n".utf8) }
  func takeErrors() -> [UInt8] { [] }
}
