import Glibc

/// A pipe that a process writes to, and what came out of it, up to a limit.
final class CapturePipe {
  private(set) var reader: Int32 = -1
  private(set) var writer: Int32 = -1
  private(set) var bytes: [UInt8] = []
  private let limit: Int

  static func make(for stream: ChildProcess.Stream) throws(ProcessError) -> CapturePipe? {
    guard case .captured(let limit) = stream else { return nil }
    return try CapturePipe(limit: limit)
  }

  init(limit: Int) throws(ProcessError) {
    self.limit = limit
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw ProcessError("make a pipe", errno) }
    (reader, writer) = (ends[0], ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(reader, F_SETFL, O_NONBLOCK)
  }

  deinit {
    closeWriter()
    closeReader()
  }

  func closeWriter() {
    if writer >= 0 { close(writer) }
    writer = -1
  }

  /// Reads what is there, and no more than that: a process that it started may hold the other end.
  func drain() {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1 << 14) { buffer in
      var rounds = 0
      while reader >= 0, rounds < 64 {
        rounds += 1
        let count = read(reader, buffer.baseAddress, buffer.count)
        if count < 0, errno == EINTR { continue }
        if count < 0 { return }
        guard count > 0 else { return closeReader() }
        bytes += buffer[..<min(count, max(0, limit - bytes.count))]
      }
    }
  }

  /// Takes what has been read, so that the limit counts anew.
  func take() -> [UInt8] {
    defer { bytes = [] }
    return bytes
  }

  private func closeReader() {
    if reader >= 0 { close(reader) }
    reader = -1
  }
}
