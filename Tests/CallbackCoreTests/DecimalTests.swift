import Testing

@testable import CallbackCore

@Suite struct DecimalTests {
  static let numbers: [(Double, String)] = [
    (0, "0.0"), (-0.0, "-0.0"), (1, "1.0"), (-1.5, "-1.5"), (0.1, "0.1"), (100, "100.0"),
    (0.1 + 0.2, "0.30000000000000004"), (1e-4, "0.0001"), (1e-5, "1e-05"), (1.5e-7, "1.5e-07"),
    (123_456_789, "123456789.0"), (1e15, "1000000000000000.0"), (1e16, "1e+16"),
    (12_345_678_901_234_568, "1.2345678901234568e+16"), (9_007_199_254_740_992, "9007199254740992.0"),
    (1e22, "1e+22"), (1.7976931348623157e308, "1.7976931348623157e+308"), (.leastNonzeroMagnitude, "5e-324"),
    (0.10000000149011612, "0.10000000149011612"), (.nan, "nan"), (-.nan, "nan"), (.infinity, "inf"),
    (-.infinity, "-inf"),
  ]

  @Test(arguments: numbers) func `writes a number as Python's repr does`(number: Double, text: String) {
    #expect(number.pythonRepr == text)
  }

  @Test func `what is written reads back as the same bits`() {
    var bits: UInt64 = 88_172_645_463_325_252
    for _ in 0..<20_000 {
      bits ^= bits << 13
      bits ^= bits >> 7
      bits ^= bits << 17
      let number = Double(bitPattern: bits)
      if number.isFinite { #expect(Double(number.pythonRepr)?.bitPattern == number.bitPattern) }
    }
  }
}
