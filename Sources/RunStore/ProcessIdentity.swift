import Glibc
import Synchronization

/// A process, told apart from a later one that has its id, also after a restart of the machine.
///
/// A store is for the processes of one machine (SQLite's WAL asks for that); those in different process namespaces
/// cannot see each other and count as dead.
public struct ProcessIdentity: Sendable, Equatable {
  public var pid: Int32
  /// The machine's boot id.
  public var boot: String
  /// When it was started, in clock ticks since the boot.
  public var started: Int64
  /// Which store object of the process: one that is gone owns nothing.
  public var session: Int64

  /// Whether the process still runs and, if it is this one, still has that store open.
  public var isAlive: Bool {
    guard boot == Self.bootID else { return false }
    if pid == getpid() { return started == Self.ownStart && Self.sessions.withLock { $0.contains(session) } }
    return Self.startTime(of: pid) == started
  }

  // MARK: This process

  private static let bootID = text(of: "/proc/sys/kernel/random/boot_id").filter { !$0.isWhitespace }
  private static let ownStart = startTime(of: getpid()) ?? 0
  private static let sessions = Mutex<Set<Int64>>([])

  static func open() -> ProcessIdentity {
    let session = sessions.withLock { open in
      // Also unlike those of an earlier process of this id.
      var session = Int64.random(in: 1...Int64.max)
      while !open.insert(session).inserted { session = Int64.random(in: 1...Int64.max) }
      return session
    }
    return ProcessIdentity(pid: getpid(), boot: bootID, started: ownStart, session: session)
  }

  func close() { _ = Self.sessions.withLock { $0.remove(session) } }

  // MARK: /proc

  /// `nil` where no such process runs; one that has ended and was not waited for does not run.
  private static func startTime(of pid: Int32) -> Int64? {
    let stat = text(of: "/proc/\(pid)/stat")
    // The name, in parentheses, may have blanks and parentheses in it.
    guard let end = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    guard fields.count > 19, !["Z", "X", "x"].contains(fields[0]) else { return nil }
    return Int64(fields[19])
  }

  /// The beginning of a small file; "" where it cannot be read.
  private static func text(of path: String) -> String {
    let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { Glibc.close(file) }
    var bytes = [UInt8](repeating: 0, count: 2048)
    let count = read(file, &bytes, bytes.count)
    return String(decoding: bytes.prefix(Swift.max(0, count)), as: UTF8.self)
  }
}
