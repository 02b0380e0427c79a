/// How features are made of fields: the settings under `data`.
public struct Preprocessing: Sendable, Equatable, Codable {
  /// Divides every number feature: 255 brings bytes to 0...1. Finite and more than 0.
  public var scale: Double?
  /// Brings each number column to mean 0 and standard deviation 1 (of the population), by the rows trained
  /// on. A column that never changes is only centred.
  public var standardize: Bool
  /// What to do about a missing feature.
  public var missing: Missing
  /// A column for each category; otherwise its number in one column.
  public var oneHot: Bool

  public enum Missing: String, Sendable, Codable, CaseIterable {
    /// An error.
    case refuse
    /// Of the rows trained on, for each column. Categories: the most frequent.
    case mean, median
    /// The smallest of several.
    case mostFrequent = "most_frequent"
    /// Before scaling. Categories: none of them.
    case zero
  }

  public init(
    scale: Double? = nil, standardize: Bool = false, missing: Missing = .refuse, oneHot: Bool = true
  ) {
    self.scale = scale
    self.standardize = standardize
    self.missing = missing
    self.oneHot = oneHot
  }
}
