/// What is wrong with bytes that came from the other side.
package struct WireFault: Error, CustomStringConvertible {
  package var description: String
  package init(_ description: String) { self.description = description }
}

/// Values as bytes of a message. Both sides are the same program on the same machine: numbers are in its own order.
package struct WireWriter {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// Keeps its memory.
  package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  package mutating func put<T: BitwiseCopyable>(_ value: T) {
    withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
  }

  package mutating func put(_ value: Bool) { put(UInt8(value ? 1 : 0)) }

  package mutating func put(_ text: String) {
    put(UInt32(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  package mutating func put(_ text: String?) {
    put(text != nil)
    if let text { put(text) }
  }

  package mutating func put(_ raw: UnsafeRawBufferPointer) {
    put(UInt64(raw.count))
    bytes.append(contentsOf: raw)
  }

  package mutating func put(_ data: [UInt8]) { data.withUnsafeBytes { put($0) } }

  package mutating func put<T>(list: [T], _ element: (inout WireWriter, T) -> Void) {
    put(UInt32(list.count))
    for value in list { element(&self, value) }
  }

  /// As they are, without a count.
  package mutating func append(_ data: [UInt8]) { bytes.append(contentsOf: data) }
}

/// Reads a message and believes none of it: a length beyond its end is a fault, not a crash.
package struct WireReader {
  private let bytes: [UInt8]
  private(set) var offset = 0

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { offset == bytes.count }

  package mutating func take<T: BitwiseCopyable>(_ type: T.Type) throws(WireFault) -> T {
    guard bytes.count - offset >= MemoryLayout<T>.size else { throw WireFault("a message ends too early") }
    let value = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: T.self) }
    offset += MemoryLayout<T>.size
    return value
  }

  package mutating func bool() throws(WireFault) -> Bool { try take(UInt8.self) != 0 }

  package mutating func text(limit: Int = 1 << 22) throws(WireFault) -> String {
    let raw = try data(count: Int(try take(UInt32.self)), limit: limit)
    guard let text = String(validating: raw, as: UTF8.self) else { throw WireFault("a text is not UTF-8") }
    return text
  }

  package mutating func optionalText() throws(WireFault) -> String? { try bool() ? try text() : nil }

  package mutating func data() throws(WireFault) -> [UInt8] {
    let count = try take(UInt64.self)
    guard count <= UInt64(bytes.count) else { throw WireFault("a message ends too early") }
    return Array(try data(count: Int(count), limit: .max))
  }

  private mutating func data(count: Int, limit: Int) throws(WireFault) -> ArraySlice<UInt8> {
    guard count <= limit, count <= bytes.count - offset else { throw WireFault("a message ends too early") }
    defer { offset += count }
    return bytes[offset..<(offset + count)]
  }

  /// - Parameter least: The fewest bytes that an element has, so that no count makes us take memory for nothing.
  package mutating func list<T>(
    least: Int = 1, _ element: (inout WireReader) throws(WireFault) -> T
  ) throws(WireFault) -> [T] {
    let count = Int(try take(UInt32.self))
    guard count * least <= bytes.count - offset else { throw WireFault("a message ends too early") }
    var list: [T] = []
    // An element in memory may be many times as long as in a message.
    list.reserveCapacity(min(count, 1024))
    for _ in 0..<count { list.append(try element(&self)) }
    return list
  }

  package var rest: [UInt8] { Array(bytes[offset...]) }
}
