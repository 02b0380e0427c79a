/// A fitted feature together with the field of a source that it is made of. A class, so that nothing in it is counted
/// when it is used in each batch.
final class FeatureBinding {
  let fitted: FittedFeature
  /// In the source.
  let field: Int
  /// Of the batch's features that it fills.
  let columns: Int
  private let how: How
  private let sourceName: String

  /// Numbers that stay as they are.
  private let isPlain: Bool

  private enum How {
    case numbers(NumberScaling)
    case categories(CategoryTable)
  }

  static func all(_ preprocessing: FittedPreprocessing, _ source: any DataSource) throws -> [FeatureBinding] {
    try preprocessing.features.map { try FeatureBinding($0, source) }
  }

  init(_ fitted: FittedFeature, _ source: any DataSource) throws {
    self.fitted = fitted
    columns = fitted.columns
    sourceName = source.name
    let kind: FittedFeature.Kind
    (field, kind) = try find(fitted.name, shape: fitted.shape, in: source)
    guard kind == fitted.kind else { throw otherKind(fitted.name, kind, source) }
    switch fitted.kind {
    case .number:
      let scaling = scaling(of: fitted)
      how = .numbers(scaling)
      isPlain = scaling.isIdentity
    case .category:
      how = .categories(try table(of: fitted, source.fields[field]))
      isPlain = false
    }
  }

  /// - Returns: the number of unknown categories met.
  func gather(_ values: FieldValues, into output: UnsafeMutablePointer<Float>, stride: Int) throws -> Int {
    if isPlain, values.type == .float32, gatherPlain(values, output, stride: stride) == nil { return 0 }
    switch how {
    case .numbers(let scaling):
      if let row = gatherNumbers(values, scaling, output, stride: stride) {
        throw badNumber(values, scaling, row)
      }
      return 0
    case .categories(let table):
      let (unknown, bad) = gatherCategories(values, table, output, stride: stride)
      if let bad { throw badCategory(values, table, bad.row, bad.element) }
      return unknown
    }
  }

  private func badNumber(_ values: FieldValues, _ scaling: NumberScaling, _ row: Int) -> DataError {
    let element =
      (0..<values.width).first { element in
        let value = values.value(row, element)
        let present = value.isNaN ? scaling.fill[element] : value
        return !Float((present - scaling.center[element]) * scaling.factor[element]).isFinite
      } ?? 0
    let value = values.value(row, element)
    let place = place(values, row, element)
    if value.isNaN {
      return DataError(.missingValue, "\(place) is missing", help: DataError.missingHelp)
    }
    return DataError(
      .missingValue, "\(place) is \(value), which no 32-bit float can hold after preprocessing",
      help: "leave the row out, or mend the value; infinite numbers are not imputed")
  }

  private func badCategory(
    _ values: FieldValues, _ table: CategoryTable, _ row: Int, _ element: Int
  ) -> DataError {
    let place = place(values, row, element)
    if values.code(row, element) == -1 {
      return DataError(.missingValue, "\(place) is missing", help: DataError.missingHelp)
    }
    return DataError(
      .unknownLabel,
      "\(place) has the code \(values.value(row, element)), and there are \(table.index.count) categories",
      help: "codes count from 0; −1 is a missing category")
  }

  private func place(_ values: FieldValues, _ row: Int, _ element: Int) -> String {
    "\(sourceName): " + Self.place(fitted.name, values.rows[row], element, width: values.width)
  }

  /// "field 'x', row 3, element 5".
  static func place(_ name: String, _ row: Int64, _ element: Int, width: Int) -> String {
    "field '\(name)', row \(row)" + (width > 1 ? ", element \(element)" : "")
  }
}

/// - Returns: the field of a name, features first, and what it is made of.
private func find(
  _ name: String, shape: [Int], in source: any DataSource
) throws -> (Int, FittedFeature.Kind) {
  let named = source.fields.indices.filter { source.fields[$0].name == name }
  guard let index = named.first(where: { source.fields[$0].role == .feature }) ?? named.first else {
    let names = source.fields.map { "'\($0.name)'" }.joined(separator: ", ")
    throw DataError(
      .missingField, "\(source.name) has no field '\(name)', which the model was trained with",
      help: "its fields are: \(names)")
  }
  let field = source.fields[index]
  guard field.shape == shape else {
    throw DataError(
      .otherField, "\(source.name): field '\(name)' has shape \(field.shape), and \(shape) was trained with",
      help: "give the model data of the shape that it was trained with")
  }
  return (index, field.categoryCount > 0 ? .category : .number)
}

private func otherKind(_ name: String, _ found: FittedFeature.Kind, _ source: any DataSource) -> DataError {
  let (here, there) = found == .number ? ("numbers", "categories") : ("categories", "numbers")
  return DataError(
    .otherField, "\(source.name): field '\(name)' holds \(here), and \(there) were trained with",
    help: "read the field as \(there), as for training")
}

private func scaling(of fitted: FittedFeature) -> NumberScaling {
  func spread(_ values: [Double], or fallback: Double) -> [Double] {
    values.count == fitted.width
      ? values : Array(repeating: values.first ?? fallback, count: fitted.width)
  }
  return NumberScaling(
    center: spread(fitted.center, or: 0), factor: spread(fitted.factor, or: 1),
    fill: spread(fitted.fill, or: .nan))
}

private func table(of fitted: FittedFeature, _ field: DataField) throws -> CategoryTable {
  let number = Dictionary(
    fitted.categories.enumerated().map { ($1, Int32($0)) }, uniquingKeysWith: { first, _ in first })
  return CategoryTable(
    index: field.categoryNames.map { number[$0] ?? CategoryTable.unknown },
    missing: fitted.refusesMissing ? nil : fitted.fillCategory.flatMap { number[$0] } ?? -1,
    categories: fitted.categories.count, isOneHot: fitted.isOneHot)
}

extension DataField {
  /// The codes' own names where they have no others.
  var categoryNames: [String] {
    (0..<categoryCount).map { $0 < categories.count ? categories[$0] : String($0) }
  }
}
