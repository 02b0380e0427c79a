import Glibc

/// The helper's end of the line. The host may go away at any time; then there is nothing left to do.
final class HelperLine {
  private let channel: Channel
  private var areas: [SharedUse: SharedArea] = [:]
  /// Areas that were replaced while a call runs: what it was shown of them stays.
  private var replaced: [SharedArea] = []
  /// Of the request that is being served.
  private var number: UInt64?

  init(socket: Int32) { channel = Channel(socket) }

  func area(_ use: SharedUse) -> SharedArea? { areas[use] }

  /// The first message, which has no number.
  func setup() -> [UInt8] {
    let (kind, body) = receive()
    if kind != .request { Self.leave() }
    return body
  }

  /// The next thing to do, behind its number.
  func nextRequest() -> WireReader {
    replaced = []
    while true {
      let (kind, body) = receive()
      var reader = WireReader(body)
      guard kind == .request else { continue }
      guard let number = try? reader.take(UInt64.self) else { Self.leave() }
      self.number = number
      return reader
    }
  }

  /// Whether bytes lie on the line that the host has not taken yet. When a call returns nothing that this side has sent
  /// does: it was the plugin, and the host has to see it before the next one is called.
  var isSoiled: Bool {
    // Of the counters of the socket's memory, what waits to be read by the other side.
    let (memoryCounters, waiting): (Int32, Int) = (55, 2)
    var counters = [UInt32](repeating: 0, count: 16)
    var size = socklen_t(counters.count * MemoryLayout<UInt32>.size)
    guard getsockopt(channel.socket, SOL_SOCKET, memoryCounters, &counters, &size) == 0 else { return false }
    return counters[waiting] > 0
  }

  func send(_ kind: MessageKind, _ body: [UInt8]) {
    do {
      try channel.send(kind.rawValue, number: number, body) { () throws(Channel.End) in
        var entry = pollfd(fd: channel.socket, events: Int16(POLLOUT), revents: 0)
        _ = poll(&entry, 1, -1)
      }
    } catch { Self.leave() }
  }

  /// Asks the host, and waits for the answer.
  func ask(_ question: [UInt8]) -> [UInt8] {
    send(.query, question)
    while true {
      let (kind, body) = receive()
      if kind == .answer { return body }
    }
  }

  /// Memory of at least so many bytes that the host sees.
  func room(_ use: SharedUse, _ size: Int) throws -> SharedArea {
    if let area = areas[use], area.size >= size { return area }
    var question = WireWriter()
    question.put(HelperQuery.room.rawValue)
    question.put(use.rawValue)
    question.put(UInt64(size))
    _ = ask(question.bytes)
    guard let area = areas[use], area.size >= size else { throw WireFault("no memory of \(size) bytes") }
    return area
  }

  /// The next message that is not about memory.
  private func receive() -> (MessageKind, [UInt8]) {
    while true {
      guard let (number, body, descriptor) = try? channel.receive(wait: nil),
        let kind = MessageKind(rawValue: number)
      else { Self.leave() }
      guard kind == .memory else { return (kind, body) }
      guard let use = body.first.flatMap(SharedUse.init(rawValue:)), descriptor >= 0,
        let area = try? SharedArea.received(descriptor, isWritable: use.isWritable)
      else { Self.leave() }
      if let old = areas.updateValue(area, forKey: use) { replaced.append(old) }
    }
  }

  /// Without running anything: what the plugin left in this process is not worth an orderly end.
  static func leave() -> Never { _exit(lostTheLine) }

  /// The exit code of a helper that cannot speak with its host any more.
  static let lostTheLine: Int32 = 111
}
