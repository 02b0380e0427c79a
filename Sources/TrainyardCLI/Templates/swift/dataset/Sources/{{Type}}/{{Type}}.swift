import PluginKit

/// A dataset of Trainyard. `swift build` builds it, `swift test` proves that it keeps the contract.
///
/// As it stands it makes up points in a square and labels those above its diagonal. Replace where rows come from; keep
/// what the host builds on: a row is read by its number and depends on nothing but number, options, seed and epoch, so
/// that the host owns shuffling, splits, folds and resume.
final class {{Type}}: Dataset {
  static let about = About(
    id: "{{id}}", version: "0.1.0", summary: "Points in a square, labelled by their side of the diagonal.")

  @Option("Number of rows.", range: "[1, 1000000000]", unit: "rows")
  var rows = 1000

  /// Nothing that a run can change.
  func reset() {}

  var rowCount: Int { rows }

  let fields = [
    Field(name: "point", role: .feature, type: .float32, shape: [2]),
    Field(name: "label", role: .target, type: .int32, categories: ["below", "above"]),
  ]

  /// Fills the fields that are wanted, in the order of the request. May run on a loader thread.
  func read(_ request: ReadRequest, into outputs: [TensorView?]) throws {
    let points = outputs[0]?.floats
    let labels = outputs[1]?.int32s
    for (index, row) in request.rows.enumerated() {
      guard row >= 0, row < rows else { throw PluginError("there is no row \(row)") }
      let (x, y) = (coordinate(row, 0), coordinate(row, 1))
      points?[2 * index] = x
      points?[2 * index + 1] = y
      labels?[index] = y > x ? 1 : 0
    }
  }

  // `whole(_:)` is left out: with all rows in memory it would spare the host the reading.

  /// SplitMix64: any row's numbers without those before it; in [−1, 1).
  private func coordinate(_ row: Int64, _ axis: UInt64) -> Float {
    var bits = UInt64(bitPattern: row) &* 2 &+ axis &+ 0x9e37_79b9_7f4a_7c15
    bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
    bits ^= bits >> 31
    return Float(Double(bits >> 11) * 0x1p-52 - 1)
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export({{Type}}.self, to: args)
}
