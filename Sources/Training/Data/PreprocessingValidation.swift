extension FittedPreprocessing {
  /// Whether its numbers fit together: it may come from a file that anybody wrote.
  /// - Throws: `inconsistent`, naming the feature.
  public func validate() throws {
    guard !features.isEmpty else { throw inconsistent("no features") }
    var columns = 0
    for feature in features {
      let (sum, isTooLarge) = columns.addingReportingOverflow(try feature.validatedColumns())
      guard !isTooLarge, sum <= maximumColumns else {
        throw inconsistent("more than \(maximumColumns) columns")
      }
      columns = sum
    }
    guard featureShape == Self.shape(of: features) else {
      throw inconsistent("feature shape \(featureShape) for \(columns) columns")
    }
    try target?.validate()
  }
}

/// Sizes of rows are multiplied with numbers of rows: well below what could overflow.
private let maximumColumns = 1 << 31

private func inconsistent(_ what: String) -> DataError {
  DataError(
    .inconsistent, "the fitted preprocessing does not fit together: \(what)",
    help: "it was changed or damaged after training: take it from the run again")
}

private func size(of shape: [Int], _ name: String) throws -> Int {
  var size = 1
  for length in shape {
    let (product, isTooLarge) = size.multipliedReportingOverflow(by: length)
    guard length > 0, !isTooLarge, product <= maximumColumns else {
      throw inconsistent("field '\(name)' of shape \(shape)")
    }
    size = product
  }
  return size
}

extension FittedFeature {
  fileprivate func validatedColumns() throws -> Int {
    let width = try size(of: shape, name)
    switch kind {
    case .number:
      for (what, values) in [("center", center), ("factor", factor), ("fill", fill)] {
        let isAbsent = values.isEmpty && (what != "fill" || refusesMissing)
        guard isAbsent || values.count == 1 || values.count == width, values.allSatisfy(\.isFinite) else {
          throw inconsistent(
            "\(what) of field '\(name)': \(values.count) values for \(width) elements, or not finite")
        }
      }
      return width
    case .category:
      guard !categories.isEmpty, Set(categories).count == categories.count else {
        throw inconsistent("categories of field '\(name)': none, or one twice")
      }
      if let fillCategory, !categories.contains(fillCategory) {
        throw inconsistent("field '\(name)' fills with '\(fillCategory)', which is none of its categories")
      }
      let (columns, isTooLarge) = width.multipliedReportingOverflow(by: isOneHot ? categories.count : 1)
      guard !isTooLarge else { throw inconsistent("field '\(name)' of shape \(shape)") }
      return columns
    }
  }
}

extension TargetPlan {
  fileprivate func validate() throws {
    var width = 0
    for field in fields { width += try size(of: field.shape, field.name) }
    guard !fields.isEmpty, width <= maximumColumns, task == .regression || width == 1 else {
      throw inconsistent("a \(task.name) target of \(fields.count) fields and \(width) numbers")
    }
    guard hasClasses else {
      guard classNames.isEmpty, classValues.isEmpty else { throw inconsistent("classes for \(task.name)") }
      return
    }
    guard task == .binary ? classNames.count == 2 : classNames.count > 2,
      Set(classNames).count == classNames.count
    else { throw inconsistent("\(classNames.count) class names for the task '\(task.name)', or one twice") }
    guard classValues.isEmpty || classValues.count == classNames.count,
      zip(classValues, classValues.dropFirst()).allSatisfy({ $0 < $1 })
    else { throw inconsistent("class values") }
  }
}
