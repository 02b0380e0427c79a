import Glibc

/// A random stream that is the same on every machine: the SplitMix64 generator of Steele, Lea and Flood
/// (OOPSLA 2014).
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mixed(state)
  }

  /// A bijection in which every bit reaches every other.
  static func mixed(_ bits: UInt64) -> UInt64 {
    var z = bits
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// In [0, 1), a multiple of 2⁻⁵³.
  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Standard normal, drawn again while it is more than two deviations away (Box and Muller).
  mutating func truncatedNormal() -> Double {
    while true {
      let radius = (-2 * log(1 - uniform())).squareRoot()
      let value = radius * cos(2 * Double.pi * uniform())
      if abs(value) <= 2 { return value }
    }
  }
}
