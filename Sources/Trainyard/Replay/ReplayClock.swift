/// The clock of a replay: as far as the recording knows the time, that; else a millisecond for each event. The same
/// recording gives the same times, whatever the machine does meanwhile.
final class ReplayClock {
  private var now: Int64 = 0
  /// 2001-09-09, an easy one to recognise in files.
  private static let start: Int64 = 1_000_000_000_000_000_000
  private static let tick: Int64 = 1_000_000

  func rewind() { now = 0 }
  func advance() { now &+= Self.tick }

  /// Never backwards.
  func advance(to seconds: Double) {
    guard seconds >= 0, seconds < 1e9 else { return }
    now = max(now, Int64(seconds * 1e9))
  }

  var runClock: RunClock {
    RunClock(monotonic: { [self] in now }, wall: { [self] in Self.start &+ now })
  }
}
