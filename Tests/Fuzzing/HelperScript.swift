import Glibc
import PluginHost

/// What helpers say whatever they are asked, one helper after another. The bytes are messages: what it is, two bytes
/// with its length, its body.
///
/// 0 to 6 are the kinds of the protocol, in their order: hello, request, done, failed, query, answer, memory. 7 is the
/// end of this helper, without length and body; 8 are bytes as they are. A helper that does not begin with a hello has
/// said a right one before.
final class HelperScript {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  /// A helper that says all it has to say at once, and hears nothing.
  func start() throws(HelperDeath) -> StartedHelper {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    precondition(socketpair(AF_UNIX, kind, 0, &ends) == 0, "no sockets: error \(errno)")
    return StartedHelper(ScriptedPeer(line: ends[1], saying: next()), socket: ends[0])
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
      stream += tag == 8 ? Array(body) : Self.message(tag, body)
    }
    return hasBegun ? stream : Self.hello
  }

  private static let hello = message(0, [1, 0, 0, 0, 0, 0, 0, 0])

  private static func message(_ tag: UInt8, _ body: ArraySlice<UInt8>) -> [UInt8] {
    var writer = WireWriter()
    writer.put(UInt32(body.count))
    writer.put(UInt32(0x7479_0001) + UInt32(tag))
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
