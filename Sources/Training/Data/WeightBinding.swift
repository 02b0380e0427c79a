/// Where a batch's weights come from: a field of the source, a factor for each class, or both multiplied.
struct WeightBinding {
  let field: Int?
  private let factors: [Float]
  private let source: any DataSource

  /// `nil`: every row counts 1.
  init?(_ source: any DataSource, _ classWeights: [Double]) throws {
    let fields = source.fields.indices.filter { source.fields[$0].role == .weight }
    if fields.isEmpty && classWeights.isEmpty { return nil }
    if fields.count > 1 {
      let names = fields.map { "'\(source.fields[$0].name)'" }.joined(separator: ", ")
      throw DataError(
        .otherField, "\(source.name) has \(fields.count) weight fields: \(names)", help: "name one of them")
    }
    if let field = fields.first { try requireSingleNumber(source.fields[field], "weight", source) }
    field = fields.first
    factors = classWeights.map { Float($0) }
    self.source = source
  }

  /// - Parameter target: of the same rows; class numbers where there are class weights.
  func gather(
    _ reader: FieldReader, _ rows: UnsafeBufferPointer<Int64>, target: Tensor?, into tensor: Tensor
  ) throws {
    let output = tensor.floats
    if let field {
      let values = reader.values(of: field, rows: rows)
      for row in output.indices {
        let weight = Float(values.value(row, 0))
        guard weight >= 0, weight.isFinite else { throw badWeight(field, values, row) }
        output[row] = weight
      }
    } else {
      output.update(repeating: 1)
    }
    guard !factors.isEmpty, let target, target.type == .int32 else { return }
    for (row, number) in target.int32s.enumerated() where factors.indices.contains(Int(number)) {
      output[row] *= factors[Int(number)]
    }
  }

  private func badWeight(_ field: Int, _ values: FieldValues, _ row: Int) -> DataError {
    DataError(
      .badWeight,
      """
      \(source.name): the weight in field '\(source.fields[field].name)', row \(values.rows[row]), is \
      \(values.value(row, 0))
      """, help: "weights are finite numbers, 0 or more")
  }
}
