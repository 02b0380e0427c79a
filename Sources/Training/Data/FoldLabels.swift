extension Folds {
  /// The folds of a source's rows, with the classes, groups and times that the settings ask for.
  /// - Throws: `missingField`, `otherField`, `badSetting`, `noRows`, `noTarget`.
  public init(_ settings: FoldSettings, of source: any DataSource, task: TargetPlan.Setting) throws {
    var labels = Labels()
    if settings.stratify {
      guard let target = try TargetPlan.infer(task, source: source) else {
        throw DataError(
          .noTarget, "\(source.name) has no target to stratify by", help: "name the field to be learned")
      }
      labels.classes = try target.classes(of: (0..<Int64(source.rowCount)).map { $0 }, in: source)
      labels.classNames = target.classNames
    }
    if let group = settings.group { labels.groups = try Self.groups(group, of: source) }
    if settings.strategy == .timeSeries, let field = source.fields.firstIndex(where: { $0.role == .time }) {
      try requireSingleNumber(source.fields[field], "time", source)
      labels.times = try Self.values(of: field, "time", in: source)
    }
    try self.init(settings, rowCount: source.rowCount, labels: labels)
  }

  private static func groups(_ group: FoldSettings.Group, of source: any DataSource) throws -> [Int32] {
    let field: Int
    switch group {
    case .byRole:
      guard let index = source.fields.firstIndex(where: { $0.role == .group }) else {
        throw DataError(
          .missingField, "\(source.name) has no group field, and 'cross_validation.group' asks for one",
          help: "name a field, as in 'group: patient', or give the dataset its option for groups")
      }
      field = index
    case .field(let name):
      guard let index = source.fields.firstIndex(where: { $0.name == name }) else {
        let names = source.fields.prefix(20).map { "'\($0.name)'" }.joined(separator: ", ")
        throw DataError(
          .missingField, "\(source.name) has no field '\(name)' to group by",
          help: "its fields are: \(names)" + (source.fields.count > 20 ? ", …" : ""))
      }
      field = index
    }
    try requireSingleNumber(source.fields[field], "group", source)
    let values = try values(of: field, "group", in: source)
    let number = Dictionary(
      uniqueKeysWithValues: Set(values).sorted().enumerated().map { ($1, Int32($0)) })
    return values.map { number[$0] ?? 0 }
  }

  /// A number for each row; categories are numbered. None may be missing.
  private static func values(of field: Int, _ role: String, in source: any DataSource) throws -> [Double] {
    let isCategory = source.fields[field].categoryCount > 0
    var result: [Double] = []
    result.reserveCapacity(source.rowCount)
    let rows = (0..<Int64(source.rowCount)).map { $0 }
    try FieldReader(source, fields: [field]).scan(rows, fields: [field]) { values in
      for row in 0..<values[0].count {
        let value = values[0].value(row, 0)
        guard !value.isNaN, !isCategory || value >= 0 else {
          throw DataError(
            .missingValue,
            "\(source.name): row \(values[0].rows[row]) has no \(role) in field '\(source.fields[field].name)'",
            help: "give every row one")
        }
        result.append(value)
      }
    }
    return result
  }
}
