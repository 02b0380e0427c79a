import Glibc

/// The clocks that instances are shown, in nanoseconds. A replay has its own, so that it gives the same twice.
struct RunClock {
  /// Never backwards.
  var monotonic: () -> Int64
  /// Since 1970, UTC.
  var wall: () -> Int64

  static var system: RunClock {
    RunClock(monotonic: { nanoseconds(CLOCK_MONOTONIC) }, wall: { nanoseconds(CLOCK_REALTIME) })
  }

  private static func nanoseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
