/// A target plan together with the fields of a source that it is read from. A class, so that nothing in it is counted
/// when it is used in each batch.
final class TargetBinding {
  let plan: TargetPlan
  let fields: [Int]
  private let how: How
  private let source: any DataSource

  private enum How {
    case numbers
    /// Class numbers by the source's codes.
    case codes([Int32])
    case values([Double])
  }

  var type: ElementType { plan.hasClasses ? .int32 : .float32 }

  init(_ plan: TargetPlan?, _ source: any DataSource) throws {
    guard let plan else {
      throw DataError(
        .noTarget, "\(source.name): the preprocessing knows no target",
        help: "it was fitted on data without one, and is only good for predicting")
    }
    self.plan = plan
    self.source = source
    fields = try plan.fields.map { try targetField($0, source) }
    guard plan.hasClasses, let field = fields.first.map({ source.fields[$0] }) else {
      how = .numbers
      return
    }
    if field.categoryCount > 0 {
      how = .codes(classNumbers(of: field.categoryNames, plan))
    } else if !plan.classValues.isEmpty {
      how = .values(plan.classValues)
    } else {
      throw DataError(
        .otherField, "\(source.name): the target '\(field.name)' holds numbers, and the classes have names",
        help: "the classes are: \(plan.classNames.joined(separator: ", "))")
    }
  }

  /// - Parameter place: Of as many elements of `type` as the rows have.
  func gather(_ reader: FieldReader, _ rows: UnsafeBufferPointer<Int64>, into place: UnsafeMutableRawPointer)
    throws
  {
    switch how {
    case .numbers:
      var output = place.assumingMemoryBound(to: Float.self)
      for field in fields {
        let values = reader.values(of: field, rows: rows)
        if let row = gatherPlain(values, output, stride: plan.outputWidth) {
          throw badNumber(field, values, row)
        }
        output += values.width
      }
    case .codes(let table):
      let output = place.assumingMemoryBound(to: Int32.self)
      let values = reader.values(of: fields[0], rows: rows)
      if let row = gatherClasses(values, table, output) { throw badLabel(values, row) }
    case .values(let classes):
      let output = place.assumingMemoryBound(to: Int32.self)
      let values = reader.values(of: fields[0], rows: rows)
      if let row = gatherClasses(values, valued: classes, output) { throw badLabel(values, row) }
    }
  }

  private func badNumber(_ field: Int, _ values: FieldValues, _ row: Int) -> DataError {
    let element = (0..<values.width).first { !Float(values.value(row, $0)).isFinite } ?? 0
    let place = FeatureBinding.place(
      source.fields[field].name, values.rows[row], element, width: values.width)
    let value = values.value(row, element)
    return value.isNaN
      ? missing(place)
      : DataError(
        .missingTarget, "\(source.name): the target in \(place) is \(value), which no 32-bit float can hold",
        help: "leave such rows out, or mend them")
  }

  private func badLabel(_ values: FieldValues, _ row: Int) -> DataError {
    let field = source.fields[fields[0]]
    let place = FeatureBinding.place(field.name, values.rows[row], 0, width: 1)
    let code = values.code(row, 0)
    if values.value(row, 0).isNaN || (field.categoryCount > 0 && code == -1) { return missing(place) }
    let names = field.categoryNames
    let label = code.flatMap { names.indices.contains($0) ? names[$0] : nil } ?? number(values.value(row, 0))
    let known = plan.classNames.prefix(12).joined(separator: ", ") + (plan.classNames.count > 12 ? ", …" : "")
    return DataError(
      .unknownLabel,
      "\(source.name): the label '\(label)' in \(place) is none of the \(plan.classNames.count) classes",
      help: "the classes are: \(known)")
  }

  private func missing(_ place: String) -> DataError {
    DataError(
      .missingTarget, "\(source.name): the target in \(place) is missing",
      help: "leave out rows without a target: they cannot be imputed")
  }
}

private func targetField(_ wanted: TargetPlan.Field, _ source: any DataSource) throws -> Int {
  guard let index = source.fields.firstIndex(where: { $0.role == .target && $0.name == wanted.name }) else {
    let names = source.fields.filter { $0.role == .target }.map { "'\($0.name)'" }
    throw DataError(
      .noTarget, "\(source.name) has no target '\(wanted.name)'",
      help: names.isEmpty
        ? "name it in the dataset's options, as in csv:target=\(wanted.name)"
        : "its targets are: \(names.joined(separator: ", "))")
  }
  guard source.fields[index].shape == wanted.shape else {
    throw DataError(
      .otherField,
      """
      \(source.name): target '\(wanted.name)' has shape \(source.fields[index].shape), and \(wanted.shape) is \
      expected
      """,
      help: "give data of the shape that was trained with")
  }
  return index
}

/// By name, or by number where the classes are numbers. −1: none of the classes.
private func classNumbers(of names: [String], _ plan: TargetPlan) -> [Int32] {
  let number = Dictionary(
    plan.classNames.enumerated().map { ($1, Int32($0)) }, uniquingKeysWith: { first, _ in first })
  return names.map { number[$0] ?? -1 }
}

/// A number as users write it: 3 rather than 3.0.
func number(_ value: Double) -> String {
  Int(exactly: value).map(String.init) ?? "\(value)"
}
