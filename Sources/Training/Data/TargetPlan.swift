/// What is to be learned, and how it is read from the target fields.
public struct TargetPlan: Sendable, Equatable {
  /// As users set it under `data.task`.
  public enum Setting: String, Sendable, Codable, CaseIterable {
    /// Categories: classification; numbers: regression.
    case auto
    case classification, regression, ranking
  }

  public struct Field: Sendable, Equatable, Codable {
    public var name: String
    public var shape: [Int]
  }

  public var task: TaskKind
  /// One, or several numbers for regression.
  public var fields: [Field]
  /// Two for a binary task; empty for regression and ranking.
  public var classNames: [String]
  /// Where the classes are numbers: their values, ascending. Empty: classes are matched by name.
  public var classValues: [Double]

  /// Classes, or numbers in a regression target; 1 for a binary task and for ranking.
  public var outputWidth: Int {
    switch task {
    case .binary, .ranking: 1
    case .classes: classNames.count
    case .regression: max(1, fields.reduce(0) { $0 + $1.shape.reduce(1, *) })
    }
  }

  /// The target is class numbers (i32), not numbers (f32).
  public var hasClasses: Bool { task == .binary || task == .classes }

  /// Of a batch of `rows`.
  public func targetShape(rows: Int) -> [Int] {
    task == .regression && outputWidth > 1 ? [rows, outputWidth] : [rows]
  }
}

extension TargetPlan: Codable {
  private enum Key: String, CodingKey { case task, fields, classNames, classValues }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    let name = try values.decode(String.self, forKey: .task)
    guard let task = [TaskKind.binary, .classes, .regression, .ranking].first(where: { $0.name == name })
    else {
      throw DecodingError.dataCorruptedError(forKey: .task, in: values, debugDescription: "no task '\(name)'")
    }
    self.task = task
    fields = try values.decode([Field].self, forKey: .fields)
    classNames = try values.decode([String].self, forKey: .classNames)
    classValues = try values.decode([Double].self, forKey: .classValues)
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(task.name, forKey: .task)
    try values.encode(fields, forKey: .fields)
    try values.encode(classNames, forKey: .classNames)
    try values.encode(classValues, forKey: .classValues)
  }
}
