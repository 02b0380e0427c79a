import Glibc

/// The monotonic clock.
enum Stopwatch {
  @inline(__always) static func nanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }

  /// Of seconds that a file may hold: what is no time counts as none.
  static func nanoseconds(_ seconds: Double) -> Int64 {
    seconds > 0 && seconds < 1e9 ? Int64(seconds * 1e9) : 0
  }

  static func seconds(since start: Int64) -> Double { Double(nanoseconds() - start) / 1e9 }
}
