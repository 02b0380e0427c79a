import DataColumns
import PluginKit

/// Small problems that are made, not read: for first runs, tests and comparisons.
final class SyntheticDataset: ColumnDataset {
  static let about = About(
    id: "synthetic", version: "0.1.0", summary: "Made data: moons, spirals, blobs, or a linear relation.")

  enum Shape: String, OptionChoice { case moons, spirals, blobs, linear }

  @Option("What the data look like: moons, spirals and blobs are classes, linear is a regression.")
  var shape = Shape.moons

  @Option("Number of rows; the first ones are the same whatever the number.", range: "[1, )", unit: "rows")
  var rows = 1000

  @Option(
    "Numbers in each row of blobs and linear, 2 by default; moons and spirals always have 2.", range: "[1, )")
  var features: Int? = nil

  @Option("Classes of blobs and spirals, 3 by default; moons always have 2.", range: "[2, 10000]")
  var classes: Int? = nil

  @Option(
    "Standard deviation of the normal noise: on each feature, or on the target of linear. The shapes are about 2 "
      + "across.", range: "[0, )")
  var noise = 0.1

  @Option("Equal seeds give equal data. The centres of blobs depend on it, too.")
  var seed = 0

  @Option(
    "Which sample of the same distribution: give 0 for training and 1 for the validation data.",
    range: "[0, )")
  var part = 0

  private(set) var columns: [Column] = []

  func create(_ host: Host) throws {
    if features != nil, shape == .moons || shape == .spirals {
      throw PluginError("`features` has no use with \(shape.rawValue), which have 2", help: "take it out")
    }
    if classes != nil, shape == .moons || shape == .linear {
      throw PluginError(
        "`classes` has no use with \(shape.rawValue), which "
          + (shape == .moons ? "have 2" : "is a regression"), help: "take it out")
    }
    let sampler = Sampler(
      shape: shape, width: features ?? 2, classes: shape == .moons ? 2 : classes ?? 3, noise: noise,
      seed: UInt64(bitPattern: Int64(seed)), part: UInt64(bitPattern: Int64(part)))
    columns = try sampler.columns(rows: rows)
  }

  /// Nothing: what is in memory depends on the options alone.
  func reset() {}
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(SyntheticDataset.self, to: args, license: "Apache-2.0")
}
