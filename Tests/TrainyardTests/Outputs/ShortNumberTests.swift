import Testing
import Trainyard

@Suite struct ShortNumberTests {
  @Test(arguments: [
    (Double.nan, "nan"), (-Double.nan, "nan"), (Double.infinity, "inf"), (-Double.infinity, "-inf"),
    (0.1234567, "0.12346"), (0, "0.0"), (1e-7, "1e-07"),
  ])
  func `a number is short, and a NaN has no sign`(_ number: (value: Double, text: String)) {
    #expect(ShortNumber.text(number.value) == number.text)
  }
}
