import PluginKit
import Testing

@testable import CallbackCore

@Suite struct NameTemplateTests {
  // Every expectation is what Python's str.format gives.
  static let numbers: [(String, Double, String)] = [
    ("{x:.2f}", 0.125, "0.12"), ("{x:.2f}", 0.135, "0.14"), ("{x:.1f}", 0.25, "0.2"),
    ("{x:.3f}", 2.5, "2.500"),
    ("{x:.0f}", 0.5, "0"), ("{x:.4f}", -0.00001, "-0.0000"),
    ("{x:.5f}", 1e22, "10000000000000000000000.00000"),
    ("{x:08.3f}", 3.14159, "0003.142"), ("{x:08.3f}", -3.14159, "-003.142"), ("{x:08.3f}", .nan, "00000nan"),
    ("{x:+.2f}", 1, "+1.00"), ("{x:+.2f}", -1, "-1.00"), ("{x:+.2f}", .infinity, "+inf"),
    ("{x: .1f}", 2, " 2.0"),
    ("{x:.3e}", 12345, "1.234e+04"), ("{x:.3E}", 1e-9, "1.000E-09"), ("{x:.4g}", 0.00001234567, "1.235e-05"),
    ("{x:g}", 100_000, "100000"), ("{x}", 0.1, "0.1"), ("{x}", 1e16, "1e+16"), ("{x:.1%}", 0.125, "12.5%"),
    ("{x:>8.2f}", 1, "    1.00"), ("{x:<8.2f}|", 1, "1.00    |"), ("{x:*^9.2f}", 1, "**1.00***"),
    ("{x:=+8.2f}", 1, "+   1.00"), ("{x:<08.2f}", 1, "1.000000"), ("{x:.2f}", -.infinity, "-inf"),
    ("{x:.2f}", -.nan, "nan"), ("{{x}}{x:.1f}", 1, "{x}1.0"), ("{x:F}", .infinity, "INF"),
  ]

  @Test(arguments: numbers) func `fills in a metric as Python does`(template: String, x: Double, text: String)
    throws
  {
    #expect(try NameTemplate(template).filled { $0 == "x" ? .number(x) : nil } == text)
  }

  static let counts: [(String, Int, String)] = [
    ("{epoch}", 7, "7"), ("{epoch:02d}", 7, "07"), ("{epoch:03d}", 1234, "1234"), ("{epoch:>4d}", 7, "   7"),
    ("{epoch:04}", 7, "0007"), ("{epoch:.1f}", 7, "7.0"), ("{epoch:+d}", 7, "+7"),
    ("{epoch:<3d}|", 7, "7  |"),
  ]

  @Test(arguments: counts) func `fills in a count as Python does`(template: String, n: Int, text: String)
    throws
  {
    #expect(try NameTemplate(template).filled { $0 == "epoch" ? .int(n) : nil } == text)
  }

  @Test(arguments: [
    "{", "}", "{epoch", "epoch}", "{}", "{0}", "{x!r}", "{x:z}", "{x:,}", "{x:.}", "{x:.3}", "{x:.2d}",
    "{x:999d}",
    "{x:.99999999999999999999f}", "{a{b}}",
  ])
  func `refuses a template that it cannot fill in`(template: String) {
    #expect(throws: PluginError.self) { try NameTemplate(template) }
  }

  @Test func `names its fields and says which one has no value`() throws {
    let template = try NameTemplate("{epoch:02d}-{val_loss:.2f}.safetensors")
    #expect(template.names == ["epoch", "val_loss"])
    let error = #expect(throws: PluginError.self) { try template.filled { $0 == "epoch" ? .int(1) : nil } }
    #expect(error?.message.contains("'val_loss'") == true)
  }

  @Test func `puts names before values, as Lightning does`() throws {
    let template = try NameTemplate("m-{epoch:02d}-{val_loss:.2f}", insertsNames: true)
    #expect(try template.filled { $0 == "epoch" ? .int(3) : .number(0.25) } == "m-epoch=03-val_loss=0.25")
  }
}
