import Training

/// Makes damaged inputs of good ones, the same ones for the same seed.
public struct Mutator {
  private var random: RandomStream
  private static let longest = 1 << 16

  public init(seed: UInt64, target: String) { random = RandomStream(seed: seed, name: target) }

  /// One to four changes of an input. `others` are what pieces are taken from.
  public mutating func mutated(_ input: [UInt8], others: [[UInt8]]) -> [UInt8] {
    var bytes = input
    for _ in 0...below(4) { change(&bytes, others) }
    return Array(bytes.prefix(Self.longest))
  }

  private mutating func change(_ bytes: inout [UInt8], _ others: [[UInt8]]) {
    guard !bytes.isEmpty else {
      bytes = Self.tokens[below(Self.tokens.count)]
      return
    }
    let place = below(bytes.count)
    switch below(11) {
    case 0: bytes[place] ^= 1 << UInt8(below(8))
    case 1: bytes[place] = UInt8(truncatingIfNeeded: random.next())
    case 2: bytes.removeSubrange(place...)
    case 3: bytes.removeSubrange(piece(of: bytes))
    case 4: bytes.insert(contentsOf: bytes[piece(of: bytes)], at: place)
    case 5: bytes.insert(contentsOf: Self.tokens[below(Self.tokens.count)], at: place)
    case 6: splice(&bytes, at: place, others)
    case 7: repeatPiece(&bytes)
    case 8: setInteger(&bytes, at: place)
    case 9: moveInteger(&bytes, at: place)
    default: setNumber(&bytes, from: place)
    }
  }

  private mutating func below(_ bound: Int) -> Int { Int(random.next(below: UInt64(bound))) }

  private mutating func piece(of bytes: [UInt8]) -> Range<Int> {
    let start = below(bytes.count)
    return start..<start + 1 + below(min(64, bytes.count - start))
  }

  private mutating func splice(_ bytes: inout [UInt8], at place: Int, _ others: [[UInt8]]) {
    guard !others.isEmpty else { return }
    let other = others[below(others.count)]
    guard !other.isEmpty else { return }
    bytes.replaceSubrange(place..., with: other[below(other.count)...])
  }

  private mutating func repeatPiece(_ bytes: inout [UInt8]) {
    let piece = Array(bytes[piece(of: bytes)])
    let copies = 1 << below(9)
    bytes.insert(contentsOf: (0..<copies).flatMap { _ in piece }, at: below(bytes.count + 1))
  }

  // MARK: Numbers

  /// A length, an offset or a count becomes one at the edge of what it may be.
  private mutating func setInteger(_ bytes: inout [UInt8], at place: Int) {
    let width = 1 << (1 + below(3))
    guard place + width <= bytes.count else { return }
    let value = Self.integers[below(Self.integers.count)]
    let isBigEndian = below(2) == 0
    for index in 0..<width {
      let shift = UInt64(8 * (isBigEndian ? width - 1 - index : index))
      bytes[place + index] = UInt8(truncatingIfNeeded: value >> shift)
    }
  }

  /// … or one a little beside what it was.
  private mutating func moveInteger(_ bytes: inout [UInt8], at place: Int) {
    bytes[place] = bytes[place] &+ UInt8(below(9)) &- 4
  }

  /// The next digits of a text become another number.
  private mutating func setNumber(_ bytes: inout [UInt8], from place: Int) {
    func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    guard let start = bytes[place...].firstIndex(where: isDigit) else { return }
    let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.count
    bytes.replaceSubrange(start..<end, with: Self.numbers[below(Self.numbers.count)])
  }

  private static let integers: [UInt64] = [
    0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
    0x1_0000_0000, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, 0xffff_ffff_ffff_ffff, 0xffff_ffff_ffff_fff8,
  ]

  private static let numbers: [[UInt8]] = [
    "0", "-0", "-1", "1", "2147483647", "2147483648", "4294967295", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "18446744073709551615", "99999999999999999999999", "1e308",
    "1e309", "-1e309", "5e-324", "0.1", "1e", "nan", "inf", ".inf", "0x10", "1_000", "٣", "1000000000",
    "1000000001", "65536", "00",
  ].map { Array($0.utf8) }

  private static let tokens: [[UInt8]] =
    [
      "{", "}", "[", "]", "\"", "'", ",", ":", ";", "\\", "\n", "\r", "\t", " ", "\0", "-", "+", "*", "/",
      "^", "=", "==",
      "<", "(", ")", "&a ", "*a", "<<: ", "? ", "- ", "--- ", "...", "!!int ", "|\n", ">-\n", "#", "null",
      "true", "~",
      "\\u0000", "\\ud800", "\\u{1F600}", "e\u{301}", "\u{FEFF}", "\u{2028}", "\u{1F468}\u{200D}\u{1F469}",
      "\"\"", "{}",
      "[]", "NaN", "\"Infinity\"", "plugin", "name: ", "../", "/", "1h30m", "ema(", "best(", "[0, 1)",
      "{epoch:02d}",
    ].map { Array($0.utf8) } + [
      [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x1f, 0x8b, 8, 0],
    ]
}
