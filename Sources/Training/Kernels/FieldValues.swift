/// One field of some rows: a view of the whole field with the rows' numbers, or the rows themselves one after
/// another. Borrowed; row numbers were checked by whoever made it.
struct FieldValues {
  let base: UnsafeRawPointer
  let type: ElementType
  /// Elements in each row.
  let width: Int
  let rows: UnsafeBufferPointer<Int64>
  let isWhole: Bool

  init(
    _ base: UnsafeMutableRawPointer, _ type: ElementType, width: Int, _ rows: UnsafeBufferPointer<Int64>,
    isWhole: Bool
  ) {
    self.base = UnsafeRawPointer(base)
    self.type = type
    self.width = width
    self.rows = rows
    self.isWhole = isWhole
  }

  var count: Int { rows.count }

  /// The elements of one of the rows.
  @inline(__always)
  func line<T>(_ index: Int, as type: T.Type) -> UnsafePointer<T> {
    base.assumingMemoryBound(to: T.self) + (isWhole ? Int(rows[index]) : index) * width
  }

  /// One element, whatever its type.
  func value(_ index: Int, _ element: Int) -> Double {
    switch type {
    case .uint8: line(index, as: UInt8.self)[element].asDouble
    case .int32: line(index, as: Int32.self)[element].asDouble
    case .int64: line(index, as: Int64.self)[element].asDouble
    case .float32: line(index, as: Float.self)[element].asDouble
    case .float64: line(index, as: Double.self)[element].asDouble
    }
  }

  /// One element as a category: −1 for a missing one, `nil` for what is no whole number.
  func code(_ index: Int, _ element: Int) -> Int? {
    switch type {
    case .uint8: return Int(line(index, as: UInt8.self)[element])
    case .int32: return Int(line(index, as: Int32.self)[element])
    case .int64: return Int(line(index, as: Int64.self)[element])
    case .float32, .float64:
      let value = value(index, element)
      return value.isNaN ? -1 : Int(exactly: value)
    }
  }
}

/// What fields are made of.
protocol FieldElement {
  var asDouble: Double { get }
}

extension UInt8: FieldElement {
  @inline(__always) var asDouble: Double { Double(self) }
}
extension Int32: FieldElement {
  @inline(__always) var asDouble: Double { Double(self) }
}
extension Int64: FieldElement {
  @inline(__always) var asDouble: Double { Double(self) }
}
extension Float: FieldElement {
  @inline(__always) var asDouble: Double { Double(self) }
}
extension Double: FieldElement {
  @inline(__always) var asDouble: Double { self }
}
