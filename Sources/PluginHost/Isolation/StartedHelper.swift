import CProcess
import Glibc

/// The process at the other end of a helper's line, as far as the host has to do with it beside the line.
package protocol HelperPeer: AnyObject {
  /// Waits until one of `descriptors` is ready for `events` (`POLLIN`, `POLLOUT`), or the deadline has passed.
  func poll(_ descriptors: [Int32], _ events: Int16, until deadline: Deadline) -> [Bool]
  /// Waits for its end.
  func wait(until deadline: Deadline) -> ProcessEnding
  func kill()
  /// What it has written to its standard error, and the same once more and never again.
  var errors: [UInt8] { get }
  func takeErrors() -> [UInt8]
}

extension ChildProcess: HelperPeer {}

/// A helper that has been started, and has not said anything yet.
package struct StartedHelper {
  var peer: any HelperPeer
  /// The host's end of the line, which goes to whoever has this.
  var socket: Int32
  /// Numbers of requests. What is in the helper must not know the next one.
  var nextNumber: () -> UInt64 = { .random(in: .min ... .max) }

  private static let mostWords = 1 << 14

  package init(_ peer: any HelperPeer, socket: Int32, nextNumber: @escaping () -> UInt64) {
    self.peer = peer
    self.socket = socket
    self.nextNumber = nextNumber
  }

  /// Starts the program.
  init(_ executable: String) throws(HelperDeath) {
    var ours: Int32 = -1
    var theirs: Int32 = -1
    guard ty_socket_pair(&ours, &theirs) == 0 else {
      throw HelperDeath(words: "cannot be started: no socket")
    }
    defer { close(theirs) }
    // No number that a plugin could know beforehand.
    let number = Int32.random(in: 100..<900)
    var command = ChildProcess.Command(
      executable: executable, arguments: [HelperProgram.argument, "\(number)"])
    command.descriptors = [(theirs, number)]
    command.output = .captured(limit: 0)
    command.errors = .captured(limit: Self.mostWords)
    // The runtime would take a second to explain a crash to nobody.
    command.environment =
      Self.environment().filter { !$0.hasPrefix("SWIFT_BACKTRACE=") } + ["SWIFT_BACKTRACE=enable=no"]
    do throws(ProcessError) { peer = try ChildProcess(command) } catch {
      close(ours)
      throw HelperDeath(words: "cannot be started: \(error)")
    }
    socket = ours
  }

  private static func environment() -> [String] {
    var variables: [String] = []
    // Not `environ`: a mutable global of another language.
    guard let file = fopen("/proc/self/environ", "re") else { return [] }
    defer { fclose(file) }
    var line: UnsafeMutablePointer<CChar>?
    var room = 0
    while getdelim(&line, &room, 0, file) > 0 { if let line { variables.append(String(cString: line)) } }
    free(line)
    return variables
  }
}
