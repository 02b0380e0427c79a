import CTrainyard

/// Reads and checks what a dataset says of its fields.
enum FieldReader {
  static let mostFields: UInt64 = 1 << 20
  static let mostCategories: UInt64 = 1 << 22
  /// In one row.
  static let mostNumbers = 1 << 40

  /// Throws the words that follow "field 3".
  static func field(_ pointer: UnsafePointer<ty_field>?) throws(TensorCheck.Fault) -> FieldDescription {
    guard let pointer else { throw fault("is NULL") }
    if let words = sizeFault(UnsafeRawPointer(pointer), needed: MemoryLayout<ty_field>.size) {
      throw fault("is malformed: \(words)")
    }
    let foreign = Foreign.copy(UnsafeRawPointer(pointer), over: ty_field())
    let name = try text(foreign.name, "a name")
    guard !name.isEmpty else { throw fault("has an empty name") }
    guard let role = FieldDescription.Role(rawValue: foreign.role) else {
      throw fault("('\(name)') has the role \(foreign.role), which does not exist")
    }
    guard let type = ElementType(foreign.dtype) else {
      throw fault("('\(name)') has elements of another type than u8, i32, i64, f32 and f64")
    }
    let shape = try shape(foreign, name)
    let categories = try categories(foreign, name)
    if foreign.category_count > 0, type == .float32 || type == .float64 {
      throw fault("('\(name)') has categories, and its codes are not integers")
    }
    return FieldDescription(
      name: name, role: role, type: type, shape: shape, categoryCount: Int(foreign.category_count),
      categories: categories)
  }

  private static func shape(_ foreign: ty_field, _ name: String) throws(TensorCheck.Fault) -> [Int] {
    guard (0...TensorCheck.mostDimensions).contains(foreign.ndim) else {
      throw fault("('\(name)') has \(foreign.ndim) dimensions")
    }
    guard foreign.ndim > 0 else { return [] }
    guard let sizes = foreign.shape else { throw fault("('\(name)') has no shape") }
    var shape: [Int] = []
    var width = 1
    for dimension in 0..<Int(foreign.ndim) {
      let size = Int(sizes[dimension])
      let (product, overflow) = width.multipliedReportingOverflow(by: size)
      guard size > 0, !overflow, product < mostNumbers else {
        throw fault("('\(name)') has \(size) in its shape")
      }
      width = product
      shape.append(size)
    }
    return shape
  }

  private static func categories(_ foreign: ty_field, _ name: String) throws(TensorCheck.Fault) -> [String] {
    guard foreign.category_count <= mostCategories else {
      throw fault("('\(name)') has \(foreign.category_count) categories")
    }
    guard foreign.category_count > 0, let list = foreign.categories else { return [] }
    var categories: [String] = []
    for index in 0..<Int(foreign.category_count) {
      let start = Foreign.element(list, index)?.assumingMemoryBound(to: CChar.self)
      categories.append(try text(start, "('\(name)') a category"))
    }
    return categories
  }

  private static func text(
    _ start: UnsafePointer<CChar>?, _ what: String
  ) throws(TensorCheck.Fault) -> String {
    do {
      return try Foreign.text(start)
    } catch {
      throw fault("has \(what) that is \(error.words)")
    }
  }

  private static func fault(_ words: String) -> TensorCheck.Fault { TensorCheck.Fault(words: words) }
}
