import Glibc

/// A moment on the monotonic clock, which a set wall clock does not move.
public struct Deadline: Sendable, Equatable {
  /// Nanoseconds of `CLOCK_MONOTONIC`; `Int64.max`: never.
  public var nanoseconds: Int64

  public static let never = Deadline(nanoseconds: .max)

  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// - Parameter duration: From now; less than zero counts as zero, more than 292 years as never.
  public static func after(_ duration: Duration) -> Deadline { Deadline(nanoseconds: now).after(duration) }

  /// So much later.
  func after(_ duration: Duration) -> Deadline {
    let (seconds, attoseconds) = duration.components
    let (whole, tooMuch) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if tooMuch { return seconds < 0 ? self : .never }
    let (span, spans) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
    let (moment, moments) = nanoseconds.addingReportingOverflow(max(0, span))
    return spans || moments ? .never : Deadline(nanoseconds: moment)
  }

  public static var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }

  public var hasPassed: Bool { nanoseconds <= Self.now }

  /// What `poll` takes: rounded up, -1 for ever, and never more than a day.
  var milliseconds: Int32 {
    guard self != .never else { return -1 }
    let left = nanoseconds.subtractingReportingOverflow(Self.now).partialValue
    guard left > 0 else { return 0 }
    return Int32(min(left / 1_000_000 + 1, 86_400_000))
  }
}
