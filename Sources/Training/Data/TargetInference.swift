extension TargetPlan {
  /// Finds out what a source asks to learn.
  ///
  /// `auto`: a target of categories gives classes, two of them a binary task; numbers give regression,
  /// together where there are several. `classification` of a target of whole numbers makes a class of each
  /// that occurs in `rows`.
  /// - Parameters:
  ///   - setting: What the user says that it is.
  ///   - source: Where rows are read.
  ///   - rows: `nil`: all.
  /// - Returns: `nil` where there is no target and the setting is `auto`: such data is only good for
  ///   predicting.
  /// - Throws: `noTarget`, `otherField`, `tooFewClasses`, `missingTarget`, `unknownLabel`, `missingField`.
  public static func infer(
    _ setting: Setting = .auto, source: any DataSource, rows: [Int64]? = nil
  ) throws -> TargetPlan? {
    let targets = source.fields.indices.filter { source.fields[$0].role == .target }
    guard let first = targets.first else {
      if setting == .auto { return nil }
      throw DataError(
        .noTarget, "\(source.name) has no target, and the task '\(setting.rawValue)' needs one",
        help: "name the field to be learned as the target")
    }
    let isCategory = source.fields[first].categoryCount > 0
    switch setting {
    case .auto where isCategory, .classification:
      try requireOne(targets, "classification", source)
      return isCategory ? try byCategory(first, source) : try byValue(first, source, rows)
    case .auto, .regression:
      return numbers(.regression, try targets.map { try numberField($0, "regression", source) })
    case .ranking:
      try requireOne(targets, "ranking", source)
      guard source.fields.contains(where: { $0.role == .group }) else {
        throw DataError(
          .missingField, "\(source.name) has no group field, and ranking needs one",
          help: "name the field that says which rows are ranked against each other as the group")
      }
      return numbers(.ranking, [try numberField(first, "ranking", source)])
    }
  }

  /// Class numbers of rows, as batches will have them.
  /// - Throws: `badSetting` where the target is not made of classes, `missingTarget`, `unknownLabel`.
  public func classes(of rows: [Int64], in source: any DataSource) throws -> [Int32] {
    guard hasClasses else {
      throw DataError(
        .badSetting, "\(source.name): the target of a \(task.name) task has no classes",
        help: "stratify and class weights are for classification")
    }
    try checkRows(rows, of: source)
    let binding = try TargetBinding(self, source)
    let reader = try FieldReader(source, fields: binding.fields)
    var result: [Int32] = []
    result.reserveCapacity(rows.count)
    try reader.scan(rows, fields: binding.fields) { values in
      let part = Tensor(zeros: .int32, shape: [values[0].count])
      try withExtendedLifetime(part) {
        try binding.gather(reader, values[0].rows, into: part.base)
        result += part.int32s
      }
    }
    return result
  }

  private static func byCategory(_ index: Int, _ source: any DataSource) throws -> TargetPlan {
    let field = source.fields[index]
    return try classes(field, field.categoryNames, [], source)
  }

  private static func byValue(
    _ index: Int, _ source: any DataSource, _ rows: [Int64]?
  ) throws -> TargetPlan {
    let field = source.fields[index]
    let rows = rows ?? (0..<source.rowCount).map(Int64.init)
    try checkRows(rows, of: source)
    var found: Set<Double> = []
    try FieldReader(source, fields: [index]).scan(rows, fields: [index]) { values in
      for row in 0..<values[0].count {
        let value = values[0].value(row, 0)
        guard Int(exactly: value) != nil else {
          throw notAClass(value, "field '\(field.name)', row \(values[0].rows[row])", source)
        }
        found.insert(value)
      }
    }
    let values = found.sorted()
    return try classes(field, values.map(number), values, source)
  }

  private static func classes(
    _ field: DataField, _ names: [String], _ values: [Double], _ source: any DataSource
  ) throws -> TargetPlan {
    guard names.count >= 2 else {
      throw DataError(
        .tooFewClasses,
        """
        \(source.name): the target '\(field.name)' has \
        \(names.count == 1 ? "one class, '\(names[0])'" : "no class")
        """,
        help: "there is nothing to tell apart: check the target and the rows")
    }
    guard Set(names).count == names.count else {
      throw DataError(
        .inconsistent, "\(source.name): the target '\(field.name)' has one class name twice",
        help: "give each class a name of its own")
    }
    return TargetPlan(
      task: names.count == 2 ? .binary : .classes, fields: [Field(name: field.name, shape: field.shape)],
      classNames: names, classValues: values)
  }

  private static func numbers(_ task: TaskKind, _ fields: [Field]) -> TargetPlan {
    TargetPlan(task: task, fields: fields, classNames: [], classValues: [])
  }

  /// Categories without names are numbers enough.
  private static func numberField(_ index: Int, _ task: String, _ source: any DataSource) throws -> Field {
    let field = source.fields[index]
    guard field.categories.isEmpty else {
      throw DataError(
        .otherField, "\(source.name): the target '\(field.name)' holds categories, and \(task) needs numbers",
        help: "set 'data.task' to classification, or choose another target")
    }
    return Field(name: field.name, shape: field.shape)
  }

  private static func requireOne(_ targets: [Int], _ task: String, _ source: any DataSource) throws {
    let names = targets.map { "'\(source.fields[$0].name)'" }.joined(separator: ", ")
    guard targets.count == 1, source.fields[targets[0]].width == 1 else {
      throw DataError(
        .otherField, "\(source.name): \(task) is of one label for each row, and the target is \(names)",
        help: "name one field of single values as the target")
    }
  }

  private static func notAClass(_ value: Double, _ place: String, _ source: any DataSource) -> DataError {
    value.isNaN
      ? DataError(
        .missingTarget, "\(source.name): the target in \(place) is missing",
        help: "leave out rows without a target: they cannot be imputed")
      : DataError(
        .unknownLabel, "\(source.name): the label in \(place) is \(value), and classes are whole numbers",
        help: "set 'data.task' to regression")
  }
}
