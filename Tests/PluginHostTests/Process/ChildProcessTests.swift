import Glibc
import PluginHost
import Support
import Testing

@Suite struct ChildProcessTests {
  static let endings: [(script: String, ending: ProcessEnding)] = [
    ("exit 0", .exited(code: 0)),
    ("exit 7", .exited(code: 7)),
    ("kill -SEGV $$", .signalled(number: SIGSEGV, name: "SIGSEGV", coreDumped: false)),
    ("kill -KILL $$", .signalled(number: SIGKILL, name: "SIGKILL", coreDumped: false)),
  ]

  static func command(_ script: String) -> ChildProcess.Command {
    ChildProcess.Command(executable: "/bin/sh", arguments: ["-c", "ulimit -c 0; " + script])
  }

  @Test(arguments: endings)
  func `the way a process ended is told`(script: String, ending: ProcessEnding) throws {
    let child = try ChildProcess(Self.command(script))
    #expect(child.wait(until: .after(.seconds(60))) == ending)
  }

  @Test func `what it writes is kept up to a limit, and it never waits for a reader`() throws {
    var command = Self.command("echo words >&2; head -c 1000000 /dev/zero; exit 3")
    command.output = .captured(limit: 1000)
    command.errors = .captured(limit: 1000)
    let child = try ChildProcess(command)
    #expect(child.wait(until: .after(.seconds(60))) == .exited(code: 3))
    #expect(child.output == [UInt8](repeating: 0, count: 1000))
    #expect(child.errors == Array("words\n".utf8))
  }

  @Test func `a process that does not end is killed with all that it started`() throws {
    var command = Self.command("sleep 1000 & echo $!; wait")
    command.output = .captured(limit: 100)
    let child = try ChildProcess(command)
    while child.output.isEmpty { _ = child.poll([], until: .after(.seconds(1))) }
    #expect(child.wait(until: .after(.milliseconds(20))) == .timedOut)
    let grandchild = try #require(Int32(String(decoding: child.output.dropLast(), as: UTF8.self)))
    child.kill()
    #expect(child.wait(until: .never) == .signalled(number: SIGKILL, name: "SIGKILL", coreDumped: false))
    #expect(kill(child.processID, 0) == -1 && errno == ESRCH)
    // It was reparented: whoever reaps it may not have done so yet.
    #expect(isDead(grandchild))
  }

  @Test func `a process that ended leaves nothing running in its group`() throws {
    var command = Self.command("sleep 1000 & echo $!")
    command.output = .captured(limit: 100)
    let child = try ChildProcess(command)
    #expect(child.wait(until: .after(.seconds(60))) == .exited(code: 0))
    let grandchild = try #require(Int32(String(decoding: child.output.dropLast(), as: UTF8.self)))
    #expect(isDead(grandchild))
  }

  @Test func `it sees the descriptors that it was given and no other`() throws {
    let leaked = open("/dev/null", O_RDONLY)  // On purpose without O_CLOEXEC.
    defer { close(leaked) }
    var command = Self.command("ls /proc/self/fd | tr '\\n' ' '; readlink /proc/self/fd/3 /proc/self/fd/4")
    command.output = .captured(limit: 1000)
    let first = open("/dev/zero", O_RDONLY | O_CLOEXEC)
    let second = open("/dev/full", O_RDONLY | O_CLOEXEC)
    defer {
      close(first)
      close(second)
    }
    command.descriptors = [(first, 4), (second, 3)]
    let child = try ChildProcess(command)
    #expect(child.wait(until: .after(.seconds(60))) == .exited(code: 0))
    // 5 is the folder that `ls` reads.
    #expect(String(decoding: child.output, as: UTF8.self) == "0 1 2 3 4 5 /dev/full\n/dev/zero\n")
  }

  @Test func `a program that is not there is an error, not a process`() throws {
    let found = try error(ProcessError.self) {
      _ = try ChildProcess(ChildProcess.Command(executable: "/nowhere/at/all"))
    }
    #expect(found?.description == "cannot start /nowhere/at/all: No such file or directory")
  }

  @Test func `no zombie is left behind`() throws {
    var identifiers: [Int32] = []
    for _ in 0..<20 {
      var command = Self.command("exit 0")
      command.output = .captured(limit: 10)
      let child = try ChildProcess(command)
      identifiers.append(child.processID)
      if identifiers.count % 2 == 0 { _ = child.wait(until: .after(.seconds(60))) }
    }
    for identifier in identifiers {
      var status: Int32 = 0
      #expect(waitpid(identifier, &status, WNOHANG) == -1)
    }
  }

  private func isDead(_ process: Int32) -> Bool {
    for _ in 0..<60_000 {
      guard let status = try? readFile("/proc/\(process)/stat") else { return true }
      let text = String(decoding: status, as: UTF8.self)
      if let end = text.lastIndex(of: ")"), text[end...].dropFirst(2).first == "Z" { return true }
      usleep(1000)
    }
    return false
  }
}
