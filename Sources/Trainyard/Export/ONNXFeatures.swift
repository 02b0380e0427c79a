import Training

/// The part of a graph that makes a model's features of what is in the data, as the host did when it was trained.
///
/// Fields that are single numbers come in together, as `features`, in their order; every other field by its own name:
/// arrays of numbers, and categories as texts. A missing number is NaN, a missing category an empty text.
struct ONNXFeatures {
  /// `[N, columns]`, f32.
  private(set) var value = ""
  /// For each column, its place among those that the model was trained with.
  private(set) var order: [Int] = []
  /// Of the columns of `features`.
  private(set) var names: [String] = []
  private let numbers: ONNXModel.NumberType

  init(_ preprocessing: FittedPreprocessing, numbers: ONNXModel.NumberType, in graph: inout ONNXGraph) {
    self.numbers = numbers
    var places: [Int] = []
    var place = 0
    for feature in preprocessing.features {
      places.append(place)
      place += feature.columns
    }
    let all = Array(zip(preprocessing.features, places))
    let scalars = all.filter { $0.0.kind == .number && $0.0.shape.isEmpty }
    let others = all.filter { $0.0.kind != .number || !$0.0.shape.isEmpty }

    // Inputs and outputs share their names' room.
    var taken: Set = ["class", "probability", "probabilities", "prediction"]
    var parts: [String] = []
    if !scalars.isEmpty {
      if others.contains(where: { $0.0.name == "features" }) { taken.insert("features") }
      names = scalars.map(\.0.name)
      let name = Self.free("features", &taken)
      let input = graph.addInput(name, numbers.element, rowShape: [scalars.count])
      parts.append(scaled(input, scalars.map(\.0), &graph))
      order += scalars.map(\.1)
    }
    for (feature, place) in others {
      let name = Self.free(feature.name, &taken)
      switch feature.kind {
      case .number:
        let input = graph.addInput(name, numbers.element, rowShape: feature.shape)
        parts.append(scaled(flat(input, feature.width, &graph), [feature], &graph))
      case .category: parts.append(categories(feature, name, &graph))
      }
      order += place..<place + feature.columns
    }
    value = parts.count == 1 ? parts[0] : graph.add("Concat", parts, [("axis", .int(1))])
  }

  private static func free(_ wanted: String, _ taken: inout Set<String>) -> String {
    var name = wanted
    while taken.contains(name) { name += "_" }
    taken.insert(name)
    return name
  }

  private func flat(_ value: String, _ width: Int, _ graph: inout ONNXGraph) -> String {
    graph.add("Reshape", [value, graph.constant("shape", [-1, width], shape: [2])])
  }

  /// (value − center) · factor in double, as the host computes it, with missing values filled in first.
  private func scaled(_ input: String, _ features: [FittedFeature], _ graph: inout ONNXGraph) -> String {
    func spread(_ values: [Double], _ feature: FittedFeature, or fallback: Double) -> [Double] {
      values.count == feature.width
        ? values : Array(repeating: values.first ?? fallback, count: feature.width)
    }
    let center = features.flatMap { spread($0.center, $0, or: 0) }
    let factor = features.flatMap { spread($0.factor, $0, or: 1) }
    let fill = features.flatMap { spread($0.fill, $0, or: .nan) }
    let (isFilled, isScaled) = (
      fill.contains { !$0.isNaN }, center.contains { $0 != 0 } || factor.contains { $0 != 1 }
    )
    guard isFilled || isScaled || numbers == .f64 else { return input }
    let shape = [center.count]
    var value =
      numbers == .f64
      ? input : graph.add("Cast", [input], [("to", .int(ONNXGraph.ElementType.double.rawValue))])
    if isFilled {
      let isMissing = graph.add("IsNaN", [value])
      value = graph.add("Where", [isMissing, graph.constant("fill", fill, shape: shape), value])
    }
    if isScaled {
      value = graph.add("Sub", [value, graph.constant("center", center, shape: shape)])
      value = graph.add("Mul", [value, graph.constant("factor", factor, shape: shape)])
    }
    return graph.add("Cast", [value], [("to", .int(ONNXGraph.ElementType.float.rawValue))])
  }

  /// A column for each category, or one with its number; zeros or −1 where it is none of them.
  private func categories(_ feature: FittedFeature, _ name: String, _ graph: inout ONNXGraph) -> String {
    let count = feature.categories.count
    var value = graph.addInput(name, .string, rowShape: feature.shape)
    value = flat(value, feature.width, &graph)
    if let fill = feature.fillCategory, !feature.categories.contains("") {
      let isMissing = graph.add("Equal", [value, graph.constant("missing", [""], shape: [1])])
      value = graph.add("Where", [isMissing, graph.constant("fill", [fill], shape: [1]), value])
    }
    value = graph.add("Reshape", [value, graph.constant("shape", [-1, feature.width, 1], shape: [3])])
    value = graph.add("Equal", [value, graph.constant("categories", feature.categories, shape: [count])])
    value = graph.add("Cast", [value], [("to", .int(ONNXGraph.ElementType.float.rawValue))])
    guard !feature.isOneHot else { return flat(value, feature.columns, &graph) }
    value = graph.add(
      "MatMul", [value, graph.constant("numbers", (1...max(count, 1)).map(Float.init), shape: [count])])
    return graph.add("Sub", [value, graph.constant("one", [Float(1)], shape: [1])])
  }
}
