/// What a field is for. Numbered as in the contract.
public enum FieldRole: Int, Sendable, Codable {
  case feature = 1
  case target, weight, group, time, id
}

/// One field of every row of a data source. Missing numbers are NaN, missing categories −1.
public struct DataField: Sendable {
  public var name: String
  public var role: FieldRole
  public var type: ElementType
  /// Of one row; empty: a single number.
  public var shape: [Int]
  /// > 0: integer codes from 0.
  public var categoryCount: Int
  /// The names of the codes; empty: the codes are their own names.
  public var categories: [String]

  public init(
    name: String, role: FieldRole, type: ElementType, shape: [Int] = [], categoryCount: Int = 0,
    categories: [String] = []
  ) {
    self.name = name
    self.role = role
    self.type = type
    self.shape = shape
    self.categoryCount = max(categoryCount, categories.count)
    self.categories = categories
  }

  /// Numbers in each row.
  public var width: Int { shape.reduce(1, *) }
}

/// Rows by number. What is read depends on rows, seed and epoch alone.
public protocol DataSource: AnyObject {
  /// As messages name it: "dataset 'idx'".
  var name: String { get }
  var rowCount: Int { get }
  var fields: [DataField] { get }

  /// Fills `outputs[i]`, of shape `[rows.count] + fields[i].shape`; `nil` is not wanted. On the loop's thread or on
  /// one loader thread, one call at a time.
  func read(_ rows: UnsafeBufferPointer<Int64>, seed: UInt64, epoch: Int, into outputs: [Tensor?]) throws

  /// A whole field in memory that never changes; `nil` where there is none.
  func whole(_ field: Int) throws -> Tensor?
}
