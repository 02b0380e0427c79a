import Training

/// `feature-importance.csv` of a run: what a model says each feature was worth.
///
/// It says so in weights that are not trained, `feature_importance.<kind>`, one number for each feature; the names of the
/// features are known to the host alone. Features stand in the order of the first kind, the greatest first.
struct FeatureImportance {
  static let prefix = "feature_importance."
  private let kinds: [(name: String, values: [Double])]
  private let names: [String]

  /// `nil`: the model says nothing of the kind.
  init?(_ weights: [NamedTensor], _ preprocessing: FittedPreprocessing) {
    let names = preprocessing.columnNames
    kinds = weights.compactMap { weight in
      guard weight.name.hasPrefix(Self.prefix), weight.tensor.count == names.count else { return nil }
      let values = (0..<weight.tensor.count).map { weight.tensor.value(at: $0) }
      return (String(weight.name.dropFirst(Self.prefix.count)), values)
    }
    self.names = names
    if kinds.isEmpty { return nil }
  }

  var csv: String {
    let order = names.indices.sorted { a, b in
      for kind in kinds where kind.values[a] != kind.values[b] { return kind.values[a] > kind.values[b] }
      return a < b
    }
    var text = CSVLine.text(["feature"] + kinds.map(\.name))
    for index in order {
      text += CSVLine.text([names[index]] + kinds.map { "\($0.values[index])" })
    }
    return text
  }
}

extension FittedPreprocessing {
  /// A name for each number of a row: the field's; of a field with many, with its place or its category.
  var columnNames: [String] {
    features.flatMap { feature -> [String] in
      if feature.kind == .category, feature.isOneHot {
        let places = feature.width == 1 ? [""] : (0..<feature.width).map { "[\($0)]" }
        return places.flatMap { place in feature.categories.map { "\(feature.name)\(place)=\($0)" } }
      }
      return feature.columns == 1 && feature.shape.isEmpty
        ? [feature.name] : (0..<feature.columns).map { "\(feature.name)[\($0)]" }
    }
  }
}
