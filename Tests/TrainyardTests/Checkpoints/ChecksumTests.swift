import Testing

@testable import Trainyard

/// The checksum is CRC-32, whatever instructions compute it and in whatever parts the bytes come.
@Suite struct ChecksumTests {
  /// Bit by bit, as the polynomial has it.
  private func reference(_ bytes: some Sequence<UInt8>) -> String {
    var rest = UInt32.max
    for byte in bytes {
      rest ^= UInt32(byte)
      for _ in 0..<8 { rest = rest & 1 == 1 ? rest >> 1 ^ 0xEDB8_8320 : rest >> 1 }
    }
    let text = String(~rest, radix: 16)
    return String(repeating: "0", count: 8 - text.count) + text
  }

  @Test func `it is that of nine digits`() {
    #expect(Checksum(Array("123456789".utf8)).hex == "cbf43926")
    #expect(Checksum([]).hex == "00000000")
  }

  @Test func `it is the polynomial's for every length and every beginning`() {
    var random = UInt64(7)
    let bytes = (0..<2000).map { _ -> UInt8 in
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(random >> 56)
    }
    for count in Array(0..<70) + Array(250..<330) + [511, 512, 513, 1023, 1024, 1999] {
      for start in [0, 1, 15] where start + count <= bytes.count {
        let part = bytes[start..<start + count]
        #expect(Checksum(Array(part)).hex == reference(part), "\(count) bytes from \(start)")
      }
    }
  }

  @Test(arguments: [0, 1, 17, 255, 256, 300, 1000, 4000])
  func `it does not matter in what parts the bytes come`(size: Int) {
    let bytes = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
    var checksum = Checksum()
    for part in [bytes[..<size], bytes[size...]] {
      Array(part).withUnsafeBytes { checksum.add($0) }
    }
    #expect(checksum == Checksum(bytes))
  }
}
