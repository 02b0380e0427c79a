import FileKernels

/// CRC-32 as zlib computes it: finds what a disk has damaged, and is no protection against forgery.
package struct Checksum: Equatable, Sendable {
  private(set) var value: UInt32 = 0

  init() {}

  package init(_ bytes: [UInt8]) { bytes.withUnsafeBytes { add($0) } }

  init?(hex: String) {
    guard hex.utf8.count == 8, let value = UInt32(hex, radix: 16) else { return nil }
    self.value = value
  }

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    value = file_checksum(value, bytes.baseAddress, bytes.count)
  }

  /// Eight digits.
  package var hex: String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: 8 - text.utf8.count) + text
  }
}
