import CTrainyard
import Glibc

/// An instance of a dataset plugin, created and read through nothing but the header, without a host module.
///
/// Answers are checked as a host would: an error of the plugin is thrown as its words.
public final class DatasetProbe {
  /// What a field says of itself.
  public struct Field: Equatable, Sendable {
    public var name: String
    public var role: UInt32
    /// Such as `u8`, `i32`, `f64`.
    public var type: String
    public var shape: [Int]
    public var categoryCount: Int
    public var categories: [String]

    public init(
      name: String, role: Int32, type: String, shape: [Int] = [], categoryCount: Int = 0,
      categories: [String] = []
    ) {
      self.name = name
      self.role = UInt32(role)
      self.type = type
      self.shape = shape
      self.categoryCount = categoryCount
      self.categories = categories
    }
  }

  public let fields: [Field]
  public let rowCount: Int
  private let table: UnsafePointer<ty_dataset>
  private let instance: UnsafeMutableRawPointer
  private let host: ProbeHost

  /// - Parameters:
  ///   - id: of the plugin, whose library lies beside the tests.
  ///   - options: texts as a user would write them; a list has any number.
  public init(_ id: String, _ options: [String: [String]] = [:]) throws {
    let component = try Self.component(id)
    let host = try ProbeHost(component, options: options)
    let table = component.pointee.table.assumingMemoryBound(to: ty_dataset.self)
    var created: UnsafeMutableRawPointer?
    let status = table.pointee.create(component, host.pointer, &created)
    guard status == TY_OK, let instance = created else { throw ProbeFailure(host.words) }
    self.host = host
    self.table = table
    self.instance = instance
    rowCount = Int(table.pointee.row_count(instance))
    let count = table.pointee.field_count(instance)
    fields = (0..<count).compactMap { table.pointee.field(instance, $0).map { Field($0.pointee) } }
    guard fields.count == Int(count) else { throw ProbeFailure("\(count) fields, and some are NULL") }
  }

  deinit { table.pointee.destroy(instance) }

  public func reset() throws {
    guard table.pointee.reset(instance) == TY_OK else { throw ProbeFailure(host.words) }
  }

  /// Values of a field by `read`, row after row.
  public func read(_ field: String, rows: [Int]) throws -> [Double] {
    let index = try self.index(of: field)
    guard let row = table.pointee.field(instance, UInt64(index))?.pointee else {
      throw ProbeFailure("no field")
    }
    var sizes = [Int64(rows.count)] + fields[index].shape.map { Int64($0) }
    var strides = sizes.indices.map { sizes[($0 + 1)...].reduce(1, *) }
    let count = Int(sizes.reduce(1, *))
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count * 8, 1), alignment: 64)
    defer { bytes.deallocate() }
    let numbers = rows.map { Int64($0) }
    return try sizes.withUnsafeMutableBufferPointer { sizes in
      try strides.withUnsafeMutableBufferPointer { strides in
        try numbers.withUnsafeBufferPointer { numbers in
          var tensor = ty_tensor(
            data: bytes.baseAddress, device: ty_device(type: TY_DEVICE_CPU, id: 0), ndim: Int32(sizes.count),
            dtype: row.dtype, shape: sizes.baseAddress, strides: strides.baseAddress, byte_offset: 0)
          var request = ty_read()
          request.struct_size = UInt32(MemoryLayout<ty_read>.size)
          request.rows = numbers.baseAddress
          request.row_count = Int64(numbers.count)
          let status = withUnsafeMutablePointer(to: &tensor) { tensor in
            var outputs = [UnsafeMutablePointer<ty_tensor>?](repeating: nil, count: fields.count)
            outputs[index] = tensor
            return table.pointee.read(instance, &request, outputs)
          }
          guard status == TY_OK else { throw ProbeFailure(host.words) }
          return try values(of: tensor, count: count)
        }
      }
    }
  }

  /// All values of a field by `whole`, and the shape; `nil` where the dataset has no such view.
  public func whole(_ field: String) throws -> (shape: [Int], values: [Double])? {
    let index = try self.index(of: field)
    var tensor = ty_tensor()
    let status = table.pointee.whole(instance, UInt64(index), &tensor)
    if status == TY_UNSUPPORTED { return nil }
    guard status == TY_OK else { throw ProbeFailure(host.words) }
    let shape = (0..<Int(tensor.ndim)).map { Int(tensor.shape[$0]) }
    return (shape, try values(of: tensor, count: shape.reduce(1, *)))
  }

  /// Where the values of a field lie.
  public func address(_ field: String) throws -> UnsafeRawPointer? {
    var tensor = ty_tensor()
    _ = table.pointee.whole(instance, UInt64(try index(of: field)), &tensor)
    return UnsafeRawPointer(tensor.data)
  }

  private func index(of field: String) throws -> Int {
    guard let index = fields.firstIndex(where: { $0.name == field }) else {
      throw ProbeFailure("no field '\(field)' among \(fields.map(\.name))")
    }
    return index
  }

  /// The only component of `lib<id>.so` beside the test runner.
  static func component(_ id: String) throws -> UnsafePointer<ty_component> {
    let path = try folderOfTestRunner() + "/lib\(id).so"
    guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL | Int32(RTLD_NODELETE)),
      let symbol = dlsym(library, "trainyard_plugin")
    else { throw ProbeFailure(dlerror().map { String(cString: $0) } ?? "cannot open \(path)") }
    typealias Entry = @convention(c) (UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>?
    var args = ty_entry_args()
    args.struct_size = UInt32(MemoryLayout<ty_entry_args>.size)
    args.abi_major = UInt32(TY_ABI_MAJOR)
    args.abi_minor = UInt32(TY_ABI_MINOR)
    args.refuse = { _, _ in }
    guard let module = unsafeBitCast(symbol, to: Entry.self)(&args), module.pointee.component_count == 1,
      let component = module.pointee.components[0], component.pointee.kind == TY_KIND_DATASET
    else { throw ProbeFailure("\(path) is not a library with one dataset") }
    return component
  }
}

/// What a plugin, or the probe itself, says is wrong.
public struct ProbeFailure: Error, CustomStringConvertible {
  public var description: String
  init(_ description: String) { self.description = description }
}

extension DatasetProbe.Field {
  fileprivate init(_ row: ty_field) {
    name = row.name.map { String(cString: $0) } ?? ""
    role = row.role
    type = typeName(row.dtype)
    shape = (0..<Int(row.ndim)).map { Int(row.shape[$0]) }
    categoryCount = Int(row.category_count)
    categories =
      row.categories == nil
      ? [] : (0..<Int(row.category_count)).map { row.categories[$0].map { String(cString: $0) } ?? "NULL" }
  }
}

private func typeName(_ type: ty_dtype) -> String {
  let letters: [Int32: String] = [TY_DTYPE_INT: "i", TY_DTYPE_UINT: "u", TY_DTYPE_FLOAT: "f"]
  return (letters[Int32(type.code)] ?? "?") + String(type.bits)
}

private func values(of tensor: ty_tensor, count: Int) throws -> [Double] {
  guard let data = tensor.data else { throw ProbeFailure("a tensor without data") }
  func all<Value>(_ type: Value.Type, _ number: (Value) -> Double) -> [Double] {
    UnsafeBufferPointer(start: data.assumingMemoryBound(to: type), count: count).map(number)
  }
  switch typeName(tensor.dtype) {
  case "u8": return all(UInt8.self) { Double($0) }
  case "i32": return all(Int32.self) { Double($0) }
  case "i64": return all(Int64.self) { Double($0) }
  case "f32": return all(Float.self) { Double($0) }
  case "f64": return all(Double.self) { $0 }
  case let other: throw ProbeFailure("a tensor of \(other)")
  }
}

private func folderOfTestRunner() throws -> String {
  var bytes = [CChar](repeating: 0, count: 4096)
  let count = readlink("/proc/self/exe", &bytes, bytes.count)
  guard count > 0, count < bytes.count else { throw ProbeFailure("cannot read /proc/self/exe") }
  let path = String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  return path.split(separator: "/").dropLast().map { "/" + $0 }.joined()
}
