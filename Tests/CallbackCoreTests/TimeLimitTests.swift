import PluginKit
import Testing

@testable import CallbackCore

@Suite struct TimeLimitTests {
  static let durations: [(String, Double)] = [
    ("90s", 90), ("1h30m", 5400), ("1.5h", 5400), ("2d", 172_800), ("250ms", 0.25), ("45", 45),
    ("00:12:00:00", 43_200), ("01:02:03:04", 93_784),
    ("12:34:56:65", 1_162_625), ("00:00:00:00", 0), ("0", 0),
  ]

  @Test(arguments: durations) func `reads a duration`(text: String, seconds: Double) throws {
    #expect(try TimeLimit(text).seconds == seconds)
  }

  static let texts: [(Double, String)] = [
    (0, "0 s"), (0.0004, "0.4 ms"), (0.25, "250 ms"), (0.9999, "1.0 s"), (1, "1.0 s"), (60, "1 min 00 s"),
  ]

  @Test(arguments: texts) func `writes a time for people`(seconds: Double, text: String) {
    #expect(TimeLimit.text(seconds) == text)
  }

  @Test(arguments: [
    "", "soon", "1x", "h", "1h 30m", "12:00:00", "00:-1:00:00", "0:0:0:0:0", "0:0::0", "a:0:0:0", "-5",
    "1.2.3s",
  ])
  func `refuses what is none`(text: String) {
    #expect(throws: PluginError.self) { try TimeLimit(text) }
  }
}
