/// What is wrong with data, or with what was asked of it. Row numbers count from 0.
public struct DataError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// A setting that no data could satisfy.
    case badSetting
    /// No rows, or a side of a split without any.
    case noRows
    case noFeatures
    case noTarget
    /// A field of a role or name that must be there.
    case missingField
    /// A field of another shape, or of numbers where categories were, or the reverse.
    case otherField
    /// A feature that is missing, infinite or too large for a 32-bit float.
    case missingValue
    case missingTarget
    /// A label that is none of the classes, or a code that is none of the categories.
    case unknownLabel
    case tooFewClasses
    case badWeight
    case rowOutOfRange
    /// A source that does not keep its own word, or numbers of a saved preprocessing that do not fit
    /// together.
    case inconsistent
    case noThread
  }

  public var code: Code
  /// What went wrong, and where.
  public var message: String
  /// What to do about it.
  public var help: String

  public init(_ code: Code, _ message: String, help: String) {
    self.code = code
    self.message = message
    self.help = help
  }

  /// What can be done about a missing feature before a model is trained.
  public static let missingHelp =
    "set 'data.missing' to mean, median, most_frequent or zero, or leave such rows out"

  public var description: String { help.isEmpty ? message : "\(message)\n  help: \(help)" }
}

extension DataError: FailureWords {
  public var failureWords: (message: String, help: String?) { (message, help) }
}
