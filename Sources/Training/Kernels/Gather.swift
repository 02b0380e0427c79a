// Brings fields into batches. Short loops over raw memory, in one of five element types; whatever they find
// that must not be is looked up afterwards by the caller, who knows names.

import GatherKernels

/// How numbers become features: (value − center) · factor, one of each for every element of a row. NaN in
/// `fill`: missing numbers stay missing.
struct NumberScaling {
  let center, factor, fill: [Double]
  /// Numbers stay as they are.
  let isIdentity: Bool
  /// All elements are treated alike.
  let isUniform: Bool

  init(center: [Double], factor: [Double], fill: [Double]) {
    self.center = center
    self.factor = factor
    self.fill = fill
    isUniform = center.allSatisfy { $0 == center[0] } && factor.allSatisfy { $0 == factor[0] }
    isIdentity = isUniform && center.first == 0 && factor.first == 1 && fill.allSatisfy(\.isNaN)
  }
}

/// Fills columns `0..<values.width` of each row of `output`, whose rows are `stride` apart.
/// - Returns: the first row (of those given) that got a number which is not finite.
func gatherNumbers(
  _ values: FieldValues, _ scaling: NumberScaling, _ output: UnsafeMutablePointer<Float>, stride: Int
) -> Int? {
  switch values.type {
  case .uint8:
    if scaling.isUniform, let center = scaling.center.first, let factor = scaling.factor.first {
      gather_bytes(
        output, stride, values.base.assumingMemoryBound(to: UInt8.self),
        values.isWhole ? values.rows.baseAddress : nil, values.count, values.width, center, factor)
      return nil
    }
    return scaleNumbers(values, UInt8.self, scaling, output, stride)
  case .int32: return scaleNumbers(values, Int32.self, scaling, output, stride)
  case .int64: return scaleNumbers(values, Int64.self, scaling, output, stride)
  case .float32:
    if scaling.isIdentity {
      return copyFloats(values, output, stride)
    }
    return scaleNumbers(values, Float.self, scaling, output, stride)
  case .float64: return scaleNumbers(values, Double.self, scaling, output, stride)
  }
}

private func copyFloats(
  _ values: FieldValues, _ output: UnsafeMutablePointer<Float>, _ stride: Int
) -> Int? {
  let bad = gather_floats(
    output, stride, values.base.assumingMemoryBound(to: Float.self),
    values.isWhole ? values.rows.baseAddress : nil, values.count, values.width)
  return bad < 0 ? nil : bad
}

// In double: a column of large numbers that differ little, such as times, keeps its differences.
@inline(__always)
private func scaleNumbers<T: FieldElement>(
  _ values: FieldValues, _ type: T.Type, _ scaling: NumberScaling, _ output: UnsafeMutablePointer<Float>,
  _ stride: Int
) -> Int? {
  var firstBad: Int?
  scaling.center.withUnsafeBufferPointer { center in
    scaling.factor.withUnsafeBufferPointer { factor in
      scaling.fill.withUnsafeBufferPointer { fill in
        for row in 0..<values.count {
          let from = values.line(row, as: type)
          let to = output + row * stride
          var bad: UInt32 = 0
          for column in 0..<values.width {
            let value = from[column].asDouble
            let present = value == value ? value : fill[column]
            let result = Float((present - center[column]) * factor[column])
            to[column] = result
            bad |= notFinite(result)
          }
          if bad != 0, firstBad == nil { firstBad = row }
        }
      }
    }
  }
  return firstBad
}

/// Not 0 for NaN and infinities; an OR of it over a row is vectorised, where a test is not.
@inline(__always)
private func notFinite(_ value: Float) -> UInt32 {
  value.bitPattern & 0x7F80_0000 == 0x7F80_0000 ? 1 : 0
}

/// How codes of a source become categories as fitted.
struct CategoryTable {
  /// For each code of the source; −2: one that the model does not know.
  let index: [Int32]
  /// For a missing one; −1: none; `nil`: an error.
  let missing: Int32?
  let categories: Int
  let isOneHot: Bool

  static let unknown: Int32 = -2
}

/// Fills the columns of a category field in each row.
/// - Returns: the number of unknown categories, and the first place (row and element, of those given) that is
///   missing or no code.
func gatherCategories(
  _ values: FieldValues, _ table: CategoryTable, _ output: UnsafeMutablePointer<Float>, stride: Int
) -> (unknown: Int, bad: (row: Int, element: Int)?) {
  var unknown = 0
  for row in 0..<values.count {
    var to = output + row * stride
    for element in 0..<values.width {
      guard let category = category(values.code(row, element), table) else {
        return (unknown, (row, element))
      }
      if category == CategoryTable.unknown { unknown += 1 }
      if table.isOneHot {
        to.update(repeating: 0, count: table.categories)
        if category >= 0 { to[Int(category)] = 1 }
        to += table.categories
      } else {
        to[0] = Float(max(category, -1))
        to += 1
      }
    }
  }
  return (unknown, nil)
}

@inline(__always)
private func category(_ code: Int?, _ table: CategoryTable) -> Int32? {
  guard let code, code >= -1, code < table.index.count else { return nil }
  return code == -1 ? table.missing : table.index[code]
}

/// Class numbers by the source's codes; −1 in the table: none of the classes.
/// - Returns: the first row that has none.
func gatherClasses(_ values: FieldValues, _ table: [Int32], _ output: UnsafeMutablePointer<Int32>) -> Int? {
  for row in 0..<values.count {
    guard let code = values.code(row, 0), code >= 0, code < table.count, table[code] >= 0 else { return row }
    output[row] = table[code]
  }
  return nil
}

/// Class numbers by value, among ascending `classes`.
/// - Returns: the first row whose value is not among them.
func gatherClasses(_ values: FieldValues, valued classes: [Double], _ output: UnsafeMutablePointer<Int32>)
  -> Int?
{
  for row in 0..<values.count {
    let value = values.value(row, 0)
    var low = 0
    var high = classes.count
    while low < high {
      let middle = (low + high) / 2
      if classes[middle] < value { low = middle + 1 } else { high = middle }
    }
    guard low < classes.count, classes[low] == value else { return row }
    output[row] = Int32(low)
  }
  return nil
}

/// Numbers as they are, each row `stride` after the other.
/// - Returns: the first row with one that is not finite.
func gatherPlain(_ values: FieldValues, _ output: UnsafeMutablePointer<Float>, stride: Int) -> Int? {
  if values.type == .float32 { return copyFloats(values, output, stride) }
  for row in 0..<values.count {
    for element in 0..<values.width {
      let value = Float(values.value(row, element))
      guard value.isFinite else { return row }
      output[row * stride + element] = value
    }
  }
  return nil
}

/// - Returns: the first row that is no whole number.
func gatherGroups(_ values: FieldValues, _ output: UnsafeMutablePointer<Int64>) -> Int? {
  for row in 0..<values.count {
    guard let group = values.code(row, 0) else { return row }
    output[row] = Int64(group)
  }
  return nil
}
