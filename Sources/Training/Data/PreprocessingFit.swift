extension FittedPreprocessing {
  /// Learns from `rows` of a source, and from no others, what the settings ask for.
  ///
  /// - Parameters:
  ///   - settings: What is asked for.
  ///   - source: Where rows are read.
  ///   - rows: Those trained on; may be empty where nothing is to be learned.
  ///   - target: What is learned, so that its field is no feature.
  /// - Throws: `noFeatures`, `badSetting`, `missingValue` naming field and row, what the source throws.
  public static func fit(
    _ settings: Preprocessing, source: any DataSource, rows: [Int64], target: TargetPlan? = nil
  ) throws -> FittedPreprocessing {
    if let scale = settings.scale, !(scale > 0 && scale.isFinite) {
      throw DataError(
        .badSetting, "scale \(scale): not a finite number above 0", help: "255 brings bytes to 0...1")
    }
    try checkRows(rows, of: source)
    let features = source.fields.indices.filter { source.fields[$0].role == .feature }
    guard !features.isEmpty else {
      throw DataError(
        .noFeatures, "\(source.name) has no features", help: "name the fields to learn from as features")
    }
    let fitted = try features.map { index in
      let fit = FeatureFit(settings, source, index, rows)
      return try source.fields[index].categoryCount > 0 ? fit.category() : fit.number()
    }
    let result = FittedPreprocessing(features: fitted, target: target)
    try result.validate()
    return result
  }
}

/// One field on the way to a feature.
private struct FeatureFit {
  let settings: Preprocessing
  let source: any DataSource
  let index: Int
  let rows: [Int64]
  private var field: DataField { source.fields[index] }

  init(_ settings: Preprocessing, _ source: any DataSource, _ index: Int, _ rows: [Int64]) {
    self.settings = settings
    self.source = source
    self.index = index
    self.rows = rows
  }

  func number() throws -> FittedFeature {
    var result = FittedFeature(
      name: field.name, kind: .number, shape: field.shape, refusesMissing: settings.missing == .refuse)
    let moments = try needsMoments ? self.moments() : nil
    if let place = moments?.firstMissing, result.refusesMissing {
      throw DataError(.missingValue, "\(self.place(place)) is missing", help: DataError.missingHelp)
    }
    result.fill = try fill(moments)
    let scale = 1 / (settings.scale ?? 1)
    guard settings.standardize, let moments else {
      (result.center, result.factor) = ([0], [scale])
      return result
    }
    for column in 0..<field.width {
      let (mean, deviation) = moments.standard(column, fill: result.fill.isEmpty ? 0 : result.fill[column])
      guard mean.isFinite, deviation.isFinite else {
        throw DataError(
          .missingValue, "\(source.name): field '\(field.name)' has numbers too large to be standardised",
          help: "scale them down, or leave the field out")
      }
      result.center.append(mean)
      result.factor.append(deviation > 0 ? 1 / deviation : scale)
    }
    return result
  }

  func category() throws -> FittedFeature {
    var result = FittedFeature(
      name: field.name, kind: .category, shape: field.shape, refusesMissing: settings.missing == .refuse)
    result.categories = field.categoryNames
    result.isOneHot = settings.oneHot
    if settings.missing != .refuse, settings.missing != .zero {
      result.fillCategory = try mostFrequentCategory()
    }
    return result
  }

  /// Where a scan is cheap it also finds what is missing before training starts.
  private var needsMoments: Bool {
    if settings.standardize || settings.missing == .mean { return true }
    let isFloat = field.type == .float32 || field.type == .float64
    return isFloat && !rows.isEmpty && (try? source.whole(index)) != nil
  }

  private func moments() throws -> Moments {
    try requireRows("standardised")
    var moments = Moments(width: field.width)
    try FieldReader(source, fields: [index]).scan(rows, fields: [index]) { values in
      if let (row, element) = moments.add(values[0]) {
        throw DataError(
          .missingValue,
          "\(place((values[0].rows[row], element))) is infinite",
          help: "leave the row out, or mend the value; infinite numbers are not imputed")
      }
    }
    return moments
  }

  /// What stands in for missing numbers: one for each column, or none.
  private func fill(_ moments: Moments?) throws -> [Double] {
    switch settings.missing {
    case .refuse: return []
    case .zero: return Array(repeating: 0, count: field.width)
    case .mean: return try (0..<field.width).map { try known(moments?.mean(ofColumn: $0), $0) }
    case .median:
      return try sortedColumns { $0.isEmpty ? nil : ($0[($0.count - 1) / 2] + $0[$0.count / 2]) / 2 }
    case .mostFrequent: return try sortedColumns(mostFrequent)
    }
  }

  private func known(_ value: Double?, _ column: Int) throws -> Double {
    guard let value, value.isFinite else {
      let element = field.width > 1 ? ", element \(column)," : ""
      throw DataError(
        .missingValue,
        "\(source.name): field '\(field.name)'\(element) is missing in every row trained on",
        help: "set 'data.missing' to zero, or leave the field out")
    }
    return value
  }

  /// Brings each column together, sorted and without what is missing; some columns at a time, to bound the
  /// memory.
  private func sortedColumns(_ answer: ([Double]) -> Double?) throws -> [Double] {
    try requireRows("imputed")
    let reader = try FieldReader(source, fields: [index])
    let step = max(1, (64 << 20) / (8 * rows.count))
    var result: [Double] = []
    for first in stride(from: 0, to: field.width, by: step) {
      var columns = Array(repeating: [Double](), count: min(step, field.width - first))
      try reader.scan(rows, fields: [index]) { values in
        for row in 0..<values[0].count {
          for column in columns.indices {
            let value = values[0].value(row, first + column)
            if !value.isNaN { columns[column].append(value) }
          }
        }
      }
      for (offset, column) in columns.enumerated() {
        result.append(try known(answer(column.sorted()), first + offset))
      }
    }
    return result
  }

  private func mostFrequentCategory() throws -> String {
    try requireRows("imputed")
    let names = field.categoryNames
    var counts = Array(repeating: 0, count: names.count)
    try FieldReader(source, fields: [index]).scan(rows, fields: [index]) { values in
      for row in 0..<values[0].count {
        for element in 0..<values[0].width {
          if let code = values[0].code(row, element), counts.indices.contains(code) { counts[code] += 1 }
        }
      }
    }
    guard let most = counts.max(), most > 0, let code = counts.firstIndex(of: most) else {
      _ = try known(nil, 0)
      return ""
    }
    return names[code]
  }

  private func requireRows(_ what: String) throws {
    guard rows.isEmpty else { return }
    throw DataError(
      .noRows, "\(source.name): field '\(field.name)' is to be \(what), and there are no rows to learn from",
      help: "check the data and how it is split")
  }

  private func place(_ place: (row: Int64, element: Int)) -> String {
    "\(source.name): " + FeatureBinding.place(field.name, place.row, place.element, width: field.width)
  }
}

/// Of sorted values; the smallest of several.
private func mostFrequent(_ values: [Double]) -> Double? {
  var best: (value: Double, count: Int)?
  var start = 0
  while start < values.count {
    var end = start
    while end < values.count, values[end] == values[start] { end += 1 }
    if end - start > best?.count ?? 0 { best = (values[start], end - start) }
    start = end
  }
  return best?.value
}
