import Training

/// The safetensors format: eight bytes of header length (little endian), a JSON header with type, shape and byte
/// range of each tensor, and the bytes. Source: the format's description by its authors (huggingface/safetensors).
public enum SafeTensors {
  /// A header larger than this is refused, as the reference implementation does.
  static let maximumHeader = 100_000_000

  /// - Parameters:
  ///   - tensors: In this order.
  ///   - metadata: Texts of the header.
  ///   - path: Of the file.
  ///   - isDurable: See `AtomicFile`.
  public static func write(
    _ tensors: [NamedTensor], metadata: [(String, String)] = [], to path: String, isDurable: Bool = true
  ) throws {
    try AtomicFile.write(to: path, isDurable: isDurable) { file in
      try emit(tensors, metadata: metadata) { try file.write($0) }
    }
  }

  /// The bytes of a file, piece by piece.
  static func emit(
    _ tensors: [NamedTensor], metadata: [(String, String)], _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let layout = tensors.map { ($0.name, $0.tensor.type, $0.tensor.shape, $0.tensor.byteCount) }
    try emitHeader(layout, metadata, body)
    for weight in tensors { try body(UnsafeRawBufferPointer(weight.tensor.bytes)) }
  }

  static func emit(_ tensors: [SavedTensor], _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    try emitHeader(tensors.map { ($0.name, $0.type, $0.shape, $0.bytes.count) }, [], body)
    for tensor in tensors { try tensor.bytes.withUnsafeBytes { try body($0) } }
  }

  private static func emitHeader(
    _ tensors: [(name: String, type: Training.ElementType, shape: [Int], size: Int)],
    _ metadata: [(String, String)], _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    var entries: [(String, JSONValue)] = []
    if !metadata.isEmpty { entries.append(("__metadata__", .record(metadata.map { ($0, .string($1)) }))) }
    var offset = 0
    for tensor in tensors {
      let end = offset + tensor.size
      entries.append(
        (
          tensor.name,
          .record([
            ("dtype", .string(tensor.type.name)),
            ("shape", .array(tensor.shape.map { .int(Int64($0)) })),
            ("data_offsets", .array([.int(Int64(offset)), .int(Int64(end))])),
          ])
        ))
      offset = end
    }
    var bytes = Array(JSONWriter.compact(.record(entries)).utf8)
    // The data starts at a multiple of eight, so that it can be mapped.
    while (bytes.count + 8) % 8 != 0 { bytes.append(UInt8(ascii: " ")) }
    try withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { try body($0) }
    try bytes.withUnsafeBytes { try body($0) }
  }

  public struct Contents {
    public var tensors: [NamedTensor]
    public var metadata: [String: String]
  }

  public static func read(_ path: String) throws -> Contents {
    try parse(try InputFile.read(path, limit: 1 << 36), path: path)
  }

  /// Untrusted bytes: every size is checked before memory is taken.
  public static func parse(_ bytes: [UInt8], path: String) throws -> Contents {
    func damaged(_ detail: String) -> SafeTensorsError { SafeTensorsError(path: path, detail: detail) }
    guard bytes.count >= 8 else {
      throw damaged("it has \(bytes.count) bytes, and the header's length needs 8")
    }
    let length = bytes[0..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(maximumHeader), length <= UInt64(bytes.count - 8) else {
      throw damaged("its header says \(length) bytes, and the file has \(bytes.count - 8) after it")
    }
    let start = 8 + Int(length)
    let header: JSONValue
    guard let text = String(validating: bytes[8..<start], as: UTF8.self) else {
      throw damaged("its header is not UTF-8")
    }
    do {
      let limits = ConfigLimits(bytes: maximumHeader, values: 10_000_000)
      header = try JSONValue(parsing: text, from: path, limits: limits)
    } catch { throw damaged("its header is not JSON") }
    guard case .object(let entries) = header else { throw damaged("its header is not a JSON object") }
    var contents = Contents(tensors: [], metadata: [:])
    var layout: [(name: String, entry: Entry)] = []
    for member in entries {
      let (name, value) = (member.name, member.value)
      if name == "__metadata__" {
        guard case .object(let pairs) = value else { throw damaged("its metadata is not an object") }
        for pair in pairs { contents.metadata[pair.name] = pair.value.string }
        continue
      }
      guard let entry = Entry(value, available: bytes.count - start) else {
        throw damaged("the entry of '\(name)' has a type, shape or range that does not fit the file")
      }
      layout.append((name, entry))
    }
    guard covers(layout.map(\.entry.range), bytes.count - start) else {
      throw damaged("its tensors overlap, or leave bytes out")
    }
    for (name, entry) in layout {
      let tensor = Tensor(zeros: entry.type, shape: entry.shape)
      bytes[(start + entry.range.lowerBound)..<(start + entry.range.upperBound)].withUnsafeBytes {
        tensor.bytes.copyMemory(from: $0)
      }
      contents.tensors.append(NamedTensor(name: name, tensor: tensor))
    }
    return contents
  }

  /// As the format asks: each byte belongs to one tensor. So a file cannot ask for more memory than it has bytes.
  private static func covers(_ ranges: [Range<Int>], _ count: Int) -> Bool {
    var end = 0
    for range in ranges.sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
      guard range.lowerBound == end else { return false }
      end = range.upperBound
    }
    return end == count
  }

  private struct Entry {
    var type: Training.ElementType
    var shape: [Int]
    var range: Range<Int>

    init?(_ value: JSONValue, available: Int) {
      guard case .string(let typeName)? = value["dtype"],
        let type = [Training.ElementType.uint8, .int32, .int64, .float32, .float64].first(where: {
          $0.name == typeName
        }),
        case .array(let sizes)? = value["shape"], case .array(let offsets)? = value["data_offsets"],
        offsets.count == 2, case .int(let from) = offsets[0], case .int(let to) = offsets[1],
        from >= 0, to >= from, to <= Int64(available)
      else { return nil }
      var count = 1
      var shape: [Int] = []
      for case .int(let size) in sizes {
        guard size >= 0, let size = Int(exactly: size) else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: size)
        guard !overflow, product <= available || product == 0 else { return nil }
        count = product
        shape.append(size)
      }
      guard shape.count == sizes.count, count * type.size == Int(to - from) else { return nil }
      self.type = type
      self.shape = shape
      range = Int(from)..<Int(to)
    }
  }
}

/// A weight file that cannot be used.
public struct SafeTensorsError: Error, CustomStringConvertible, Equatable {
  public var path: String
  public var detail: String
  public var description: String { "'\(path)' is not a whole safetensors file: \(detail)" }
  /// What the user can do.
  public var help: String {
    "give weights that a run has saved, such as model/weights.safetensors in its folder"
  }
}
