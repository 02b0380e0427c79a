/// A stream of random numbers that is the same for ever: on every machine, in every version.
///
/// The generator is xoshiro256** 1.0 (D. Blackman and S. Vigna, "Scrambled Linear Pseudorandom Number
/// Generators", 2018; https://prng.di.unimi.it), its state filled by SplitMix64 as its authors advise. It is
/// not for secrets. Swift's own `shuffle(using:)` is not used: the library may change how it draws.
public struct RandomStream: Sendable, Equatable {
  /// Four words, for checkpoints. All zero is no state, and setting it gives the state of seed 0.
  public var state: [UInt64] {
    get { [s0, s1, s2, s3] }
    set {
      let isState = newValue.count == 4 && newValue.contains { $0 != 0 }
      self = isState ? RandomStream(words: newValue) : RandomStream(seed: 0, name: "")
    }
  }

  private var s0, s1, s2, s3: UInt64

  /// The stream of a name. Streams of other names, seeds or numbers are unrelated to it.
  ///
  /// The seed goes through SplitMix64, the name through FNV-1a (64 bits, over its UTF-8), the number is
  /// added, and four more outputs of SplitMix64 are the state.
  public init(seed: UInt64, name: String, number: UInt64 = 0) {
    var outer = SplitMix64(state: seed)
    var middle = SplitMix64(state: outer.next() ^ fnv1a(name))
    var inner = SplitMix64(state: middle.next() &+ number)
    self.init(words: [inner.next(), inner.next(), inner.next(), inner.next()])
  }

  private init(words: [UInt64]) {
    (s0, s1, s2, s3) = (words[0], words[1], words[2], words[3])
  }

  /// 64 uniform bits.
  public mutating func next() -> UInt64 {
    let result = rotated(s1 &* 5, 7) &* 9
    let t = s1 << 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= t
    s3 = rotated(s3, 45)
    return result
  }

  /// A number in `0..<bound`, each as likely as any other; 0 for a bound of 0.
  ///
  /// The upper half of a 128-bit product; the few products that would favour some numbers are drawn again
  /// (D. Lemire, "Fast Random Integer Generation in an Interval", 2019).
  public mutating func next(below bound: UInt64) -> UInt64 {
    guard bound > 0 else { return 0 }
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return product.high
  }

  /// A number in `0..<1`: 53 bits, all multiples of 2⁻⁵³ as likely.
  public mutating func nextDouble() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Fisher and Yates, from the end.
  public mutating func shuffle(_ rows: inout [Int64]) {
    rows.withUnsafeMutableBufferPointer { shuffle($0) }
  }

  mutating func shuffle(_ rows: UnsafeMutableBufferPointer<Int64>) {
    guard rows.count > 1 else { return }
    for last in stride(from: rows.count - 1, to: 0, by: -1) {
      rows.swapAt(last, Int(next(below: UInt64(last) + 1)))
    }
  }
}

/// S. Vigna's splitmix64.c: the generator of Java 8's SplittableRandom.
private struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

private func fnv1a(_ text: String) -> UInt64 {
  text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
}

private func rotated(_ x: UInt64, _ by: UInt64) -> UInt64 { (x << by) | (x >> (64 - by)) }
