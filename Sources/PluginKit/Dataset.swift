import CTrainyard

/// Rows by number, so that the host owns shuffling, splits, folds and resume.
///
/// Length and fields depend on the options alone: read them in `create`.
public protocol Dataset: Exportable {
  func reset() throws

  var rowCount: Int { get }
  var fields: [Field] { get }

  /// Fills `outputs[i]`, of shape `[rows.count] + fields[i].shape`; `nil` is not wanted. May run on a loader
  /// thread, one call at a time. What is read depends on row, seed and epoch alone.
  func read(_ request: ReadRequest, into outputs: [TensorView?]) throws

  /// A whole field in memory that never changes, so that the host gathers from it itself; `nil` where there
  /// is none.
  func whole(_ field: Int) -> TensorView?
}

extension Dataset {
  public func whole(_ field: Int) -> TensorView? { nil }
}

/// The rows that the host asks for.
public struct ReadRequest {
  /// Row numbers in any order, also repeated.
  public let rows: UnsafeBufferPointer<Int64>
  /// For augmentation, with `epoch`.
  public let seed: UInt64
  public let epoch: Int
}

/// One field of every row. Missing numbers are NaN, missing categories −1.
public struct Field: Sendable {
  public enum Role: UInt32, Sendable {
    case feature = 1
    case target, weight, group, time, id
  }

  public var name: String
  public var role: Role
  public var type: ElementType
  /// The shape of one row; empty: a single number.
  public var shape: [Int]
  /// The field holds integer codes from 0; these are their names. Empty with `categoryCount` > 0: the codes
  /// are their own names.
  public var categories: [String]
  public var categoryCount: Int

  public init(
    name: String, role: Role, type: ElementType, shape: [Int] = [], categories: [String] = [],
    categoryCount: Int? = nil
  ) {
    self.name = name
    self.role = role
    self.type = type
    self.shape = shape
    self.categories = categories
    self.categoryCount = categoryCount ?? categories.count
  }
}
