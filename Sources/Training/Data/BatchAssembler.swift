/// Puts batches together out of the rows of a source: features as the preprocessing was fitted, the target,
/// weights, groups. In steady state it takes no memory.
///
/// Used by one loader at a time.
public final class BatchAssembler {
  public let source: any DataSource
  public let preprocessing: FittedPreprocessing
  /// Of a batch, as delivered.
  public let bytesPerRow: Int

  /// No field has to be asked of the source.
  var readsOnlyMemory: Bool { reader.hasOnlyViews }

  private let columns: Int
  private let reader: FieldReader
  private let features: [FeatureBinding]
  private let target: TargetBinding?
  private let weight: WeightBinding?
  private let group: Int?

  /// Finds the fields in the source by name.
  ///
  /// - Parameters:
  ///   - source: Where rows are read.
  ///   - preprocessing: What becomes of features; as it was fitted on the training rows.
  ///   - readsTarget: `false`, for predicting, also asks for no weights and groups.
  ///   - classWeights: a factor for each class, from `ClassWeights.factors`; for the training pass only.
  ///     Empty: none.
  /// - Throws: `missingField`, `otherField`, `noTarget`, `inconsistent`, each naming the field.
  public init(
    source: any DataSource, preprocessing: FittedPreprocessing, readsTarget: Bool = true,
    classWeights: [Double] = []
  ) throws {
    try preprocessing.validate()
    self.source = source
    self.preprocessing = preprocessing
    columns = preprocessing.columns
    features = try FeatureBinding.all(preprocessing, source)
    target = try readsTarget ? TargetBinding(preprocessing.target, source) : nil
    weight = try readsTarget ? WeightBinding(source, classWeights) : nil
    group = try readsTarget ? groupField(of: source) : nil
    var fields = features.map(\.field)
    fields += target?.fields ?? []
    fields += [weight?.field, group].compactMap { $0 }
    reader = try FieldReader(source, fields: fields)
    bytesPerRow =
      preprocessing.columns * 4 + (target == nil ? 0 : (preprocessing.target?.outputWidth ?? 0) * 4)
      + (weight == nil ? 0 : 4) + (group == nil ? 0 : 8)
  }

  /// Takes memory for batches of as many rows.
  func reserve(rows: Int) { reader.reserve(rows: rows) }

  func makeSlot(rows: Int) -> BatchSlot {
    let parts = BatchSlot.Parts(
      features: Tensor(zeros: .float32, shape: [rows] + preprocessing.featureShape),
      target: target.map { Tensor(zeros: $0.type, shape: $0.plan.targetShape(rows: rows)) },
      weight: weight.map { _ in Tensor(zeros: .float32, shape: [rows]) },
      group: group.map { _ in Tensor(zeros: .int64, shape: [rows]) })
    return BatchSlot(parts, capacity: rows, features: features.count)
  }

  /// - Throws: `missingValue`, `missingTarget`, `unknownLabel`, `badWeight`, naming field and row; what the
  ///   source throws.
  func fill(_ slot: BatchSlot, rows: UnsafeBufferPointer<Int64>, seed: UInt64, epoch: Int) throws {
    slot.prepare(rows: rows.count)
    try reader.load(rows, seed: seed, epoch: epoch)
    var output = slot.places.features.assumingMemoryBound(to: Float.self)
    for index in features.indices {
      let feature = features[index]
      let values = reader.values(of: feature.field, rows: rows)
      let unknown = try feature.gather(values, into: output, stride: columns)
      if unknown > 0 { slot.unknown[index] = unknown }
      output += feature.columns
    }
    if let target, let place = slot.places.target { try target.gather(reader, rows, into: place) }
    if weight != nil || group != nil { try gatherMore(slot, rows) }
    slot.isFilled = true
  }

  private func gatherMore(_ slot: BatchSlot, _ rows: UnsafeBufferPointer<Int64>) throws {
    let parts = slot.parts
    if let weight, let tensor = parts.weight {
      try weight.gather(reader, rows, target: parts.target, into: tensor)
    }
    if let group, let tensor = parts.group { try gatherGroup(group, rows, into: tensor) }
  }

  /// Says which rows the next `fill` will be asked for.
  func announce(_ rows: UnsafeBufferPointer<Int64>) { reader.announce(rows) }

  func byField(_ unknown: [Int]) -> [String: Int] {
    var result: [String: Int] = [:]
    for (feature, count) in zip(features, unknown) where count > 0 { result[feature.fitted.name] = count }
    return result
  }

  private func gatherGroup(_ field: Int, _ rows: UnsafeBufferPointer<Int64>, into tensor: Tensor) throws {
    guard let output = tensor.int64s.baseAddress else { return }
    if let bad = gatherGroups(reader.values(of: field, rows: rows), output) {
      throw DataError(
        .otherField,
        "\(source.name): the group in field '\(source.fields[field].name)', row \(rows[bad]), is no number",
        help: "give every row of a ranking the whole number of its group")
    }
  }
}

private func groupField(of source: any DataSource) throws -> Int? {
  guard let index = source.fields.firstIndex(where: { $0.role == .group }) else { return nil }
  try requireSingleNumber(source.fields[index], "group", source)
  return index
}

func requireSingleNumber(_ field: DataField, _ role: String, _ source: any DataSource) throws {
  guard field.width == 1 else {
    throw DataError(
      .otherField, "\(source.name): the \(role) field '\(field.name)' has shape \(field.shape) in each row",
      help: "a \(role) is one number for each row")
  }
}
