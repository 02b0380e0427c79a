/// How features and target are read from fields, with everything that was learned from the rows trained on:
/// what `predict` needs besides weights.
public struct FittedPreprocessing: Codable, Sendable, Equatable {
  /// In the order of their columns.
  public var features: [FittedFeature]
  /// Of one row: `[columns]`, or the shape of the only field where that is made of numbers.
  public var featureShape: [Int]
  /// `nil`: the data had no target.
  public var target: TargetPlan?

  public init(features: [FittedFeature], target: TargetPlan?) {
    self.features = features
    self.target = target
    featureShape = Self.shape(of: features)
  }

  /// Numbers in each row.
  public var columns: Int { features.reduce(0) { $0 + $1.columns } }

  static func shape(of features: [FittedFeature]) -> [Int] {
    if features.count == 1, features[0].kind == .number, !features[0].shape.isEmpty {
      return features[0].shape
    }
    return [features.reduce(0) { $0 + $1.columns }]
  }
}

/// One field as features.
public struct FittedFeature: Codable, Sendable, Equatable {
  public enum Kind: String, Codable, Sendable { case number, category }

  public var name: String
  public var kind: Kind
  /// Of one row of the field.
  public var shape: [Int]
  /// A missing value is an error.
  public var refusesMissing: Bool

  /// Numbers become (value − center) · factor. One for each element of the field, or one for all.
  public var center: [Double] = []
  public var factor: [Double] = []
  /// Stands in for missing numbers, before the above; like those, or empty where they are refused.
  public var fill: [Double] = []

  /// The names that the model knows, in the order of their columns.
  public var categories: [String] = []
  /// Otherwise the category's number in one column, −1 for none.
  public var isOneHot = true
  /// Stands in for a missing category; `nil`: none, which is zeros.
  public var fillCategory: String?

  /// Elements of the field in one row.
  public var width: Int { shape.reduce(1, *) }
  /// Numbers that it becomes.
  public var columns: Int { kind == .category && isOneHot ? width * categories.count : width }
}
