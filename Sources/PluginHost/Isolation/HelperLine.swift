import Glibc

/// The helper's end of the line. The host may go away at any time; then there is nothing left to do.
final class HelperLine {
  private let channel: Channel
  private var areas: [SharedUse: SharedArea] = [:]
  /// Areas that were replaced while a call runs: what it was shown of them stays.
  private var replaced: [SharedArea] = []

  init(socket: Int32) { channel = Channel(socket) }

  func area(_ use: SharedUse) -> SharedArea? { areas[use] }

  /// The next thing to do.
  func nextRequest() -> [UInt8] {
    replaced = []
    while true {
      let (kind, body) = receive()
      if kind == .request { return body }
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
      try channel.send(kind.rawValue, body) { () throws(Channel.End) in
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
