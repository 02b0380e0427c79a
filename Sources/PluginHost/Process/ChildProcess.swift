import CProcess
import Glibc

/// A program that was started, in a process group of its own, and is watched through a pidfd.
///
/// It sees descriptors 0, 1, 2 and those that are handed over, and no other. Nothing of it stays:
/// when it ends, or this object goes, its whole group is killed and it is reaped. The kernel kills it when this
/// program ends, however that ends.
public final class ChildProcess {
  /// What is done with a stream that the process writes to.
  public enum Stream: Equatable, Sendable {
    /// That of this process.
    case inherited
    /// What is written goes nowhere.
    case null
    /// Kept up to `limit` bytes; what comes after them is read and dropped.
    case captured(limit: Int)
  }

  public struct Command: Sendable {
    /// A path, not searched for. By default the program that is running.
    public var executable = "/proc/self/exe"
    /// Without the name of the program.
    public var arguments: [String] = []
    /// "NAME=value" each; `nil`: those of this process.
    public var environment: [String]?
    /// Where the process starts; `nil`: where this one is.
    public var folder: String?
    /// Descriptors of this process, and their numbers in the new one: from 3 on, none twice. They stay
    /// open and the caller's own here.
    public var descriptors: [(descriptor: Int32, number: Int32)] = []
    public var output = Stream.null
    public var errors = Stream.null

    public init(executable: String = "/proc/self/exe", arguments: [String] = []) {
      self.executable = executable
      self.arguments = arguments
    }
  }

  /// Takes what has been read of its errors, so that the limit counts anew.
  public func takeErrors() -> [UInt8] { errorPipe?.take() ?? [] }

  public let processID: Int32
  /// Readable when the process has ended. Open until this object goes.
  public let pidfd: Int32
  /// What it has written, as far as it has been read.
  public var output: [UInt8] { outputPipe?.bytes ?? [] }
  public var errors: [UInt8] { errorPipe?.bytes ?? [] }

  private let outputPipe: CapturePipe?
  private let errorPipe: CapturePipe?
  private var ending: ProcessEnding?

  /// - Throws: `ProcessError` when it cannot be started; there is no process then.
  public init(_ command: Command) throws(ProcessError) {
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    guard null >= 0 else { throw ProcessError("open /dev/null", errno) }
    defer { close(null) }
    outputPipe = try CapturePipe.make(for: command.output)
    errorPipe = try CapturePipe.make(for: command.errors)
    let descriptors: [(Int32, Int32)] =
      [
        (null, 0), (Self.number(command.output, outputPipe, own: 1, null), 1),
        (Self.number(command.errors, errorPipe, own: 2, null), 2),
      ] + command.descriptors.map { ($0.descriptor, $0.number) }
    (processID, pidfd) = try Self.start(command, descriptors)
    outputPipe?.closeWriter()
    errorPipe?.closeWriter()
  }

  deinit {
    kill()
    close(pidfd)
  }

  /// Waits for its end, and reads meanwhile what it writes to captured streams. Its whole group is gone
  /// afterwards, unless the time ran out: then it runs on.
  public func wait(until deadline: Deadline) -> ProcessEnding {
    if let ending { return ending }
    while true {
      let ready = poll([pidfd], until: deadline)
      if ready.first == true { return reap() }
      if deadline.hasPassed { return .timedOut }
    }
  }

  /// Waits until one of `descriptors` can be read or is closed at its other end, or the deadline has
  /// passed, and reads what the process wrote meanwhile.
  /// - Returns: For each, whether it is ready: `false` for all when the time ran out or output came.
  public func poll(_ descriptors: [Int32], until deadline: Deadline) -> [Bool] {
    poll(descriptors, Int16(POLLIN), until: deadline)
  }

  package func poll(_ descriptors: [Int32], _ events: Int16, until deadline: Deadline) -> [Bool] {
    var entries = descriptors.map { pollfd(fd: $0, events: events, revents: 0) }
    let pipes = [outputPipe, errorPipe].compactMap { $0 }.filter { $0.reader >= 0 }
    entries += pipes.map { pollfd(fd: $0.reader, events: Int16(POLLIN), revents: 0) }
    let count = Glibc.poll(&entries, nfds_t(entries.count), deadline.milliseconds)
    guard count > 0 else { return descriptors.map { _ in false } }
    for (pipe, entry) in zip(pipes, entries.dropFirst(descriptors.count)) where entry.revents != 0 {
      pipe.drain()
    }
    return entries.prefix(descriptors.count).map { $0.revents != 0 }
  }

  /// Kills the process and whatever it started in its group, and reaps it.
  public func kill() {
    guard ending == nil else { return }
    // The group is named after the process: until that is reaped the number is nobody else's.
    Glibc.kill(-processID, SIGKILL)
    Glibc.kill(processID, SIGKILL)
    _ = reap()
  }

  private func reap() -> ProcessEnding {
    // WNOWAIT: first its group, while the number is still taken.
    while ty_wait_process(processID, 1, nil, nil) == -EINTR {}
    Glibc.kill(-processID, SIGKILL)
    var code: Int32 = 0
    var value: Int32 = 0
    var result = ty_wait_process(processID, 0, &code, &value)
    while result == -EINTR { result = ty_wait_process(processID, 0, &code, &value) }
    outputPipe?.drain()
    errorPipe?.drain()
    let ending: ProcessEnding =
      switch (result, code) {
      case (0, Int32(TY_PROCESS_EXITED)): .exited(code: value)
      case (0, Int32(TY_PROCESS_DUMPED)): .signalled(value, coreDumped: true)
      case (0, _): .signalled(value, coreDumped: false)
      // Somebody else has waited for it: nobody knows.
      default: .exited(code: -1)
      }
    self.ending = ending
    return ending
  }

  private static func number(_ stream: Stream, _ pipe: CapturePipe?, own: Int32, _ null: Int32) -> Int32 {
    switch stream {
    case .inherited: fcntl(own, F_GETFD) < 0 ? null : own
    case .null: null
    case .captured: pipe?.writer ?? null
    }
  }

  private static func start(
    _ command: Command, _ descriptors: [(Int32, Int32)]
  ) throws(ProcessError) -> (Int32, Int32) {
    var arguments = ([command.executable] + command.arguments).map { strdup($0) } + [nil]
    var environment = (command.environment ?? []).map { strdup($0) } + [nil]
    let folder = command.folder.map { strdup($0) } ?? nil
    defer {
      for text in arguments + environment { free(text) }
      free(folder)
    }
    let sources = descriptors.map(\.0)
    let targets = descriptors.map(\.1)
    var identifier: Int32 = -1
    var pidfd: Int32 = -1
    let result = command.executable.withCString { executable in
      arguments.withUnsafeMutableBufferPointer { arguments in
        environment.withUnsafeMutableBufferPointer { environment in
          sources.withUnsafeBufferPointer { sources in
            targets.withUnsafeBufferPointer { targets in
              var what = ty_spawn()
              what.executable = executable
              what.arguments = UnsafePointer(arguments.baseAddress)
              what.environment = command.environment == nil ? nil : UnsafePointer(environment.baseAddress)
              what.folder = folder.map { UnsafePointer($0) }
              what.sources = sources.baseAddress
              what.targets = targets.baseAddress
              what.descriptor_count = descriptors.count
              what.dies_with_parent = 1
              var result: Int32 = 0
              SpawnThread.perform { result = ty_spawn_process(&what, &identifier, &pidfd) }
              return result
            }
          }
        }
      }
    }
    guard result == 0 else { throw ProcessError("start \(command.executable)", -result) }
    return (identifier, pidfd)
  }
}
