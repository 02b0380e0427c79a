import Glibc

/// SplitMix64 (Steele, Lea and Flood, 2014): a counter that goes up by the golden ratio's bits, and a mixing of
/// it. Small, fast, and the same on every machine.
struct Generator {
  private var counter: UInt64
  private var spare: Double?

  init(seed: UInt64) { counter = seed }

  /// An independent stream for each seed and number.
  init(seed: UInt64, stream: UInt64) {
    var first = Generator(seed: seed)
    var second = Generator(seed: first.next() ^ stream)
    counter = second.next()
  }

  mutating func next() -> UInt64 {
    counter &+= 0x9e37_79b9_7f4a_7c15
    var bits = counter
    bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
    return bits ^ bits >> 31
  }

  /// Evenly in [0, 1), with 53 bits.
  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// From the normal distribution of mean 0 and deviation 1, by Marsaglia's polar method.
  mutating func normal() -> Double {
    if let value = spare {
      spare = nil
      return value
    }
    while true {
      let (x, y) = (2 * uniform() - 1, 2 * uniform() - 1)
      let square = x * x + y * y
      guard square > 0, square < 1 else { continue }
      let factor = (-2 * log(square) / square).squareRoot()
      spare = y * factor
      return x * factor
    }
  }
}
