import PluginKit

/// What a monitor has to know of a run's task, and that it serves it.
public struct MeasuredTask: Codable, Equatable, Sendable {
  public private(set) var kind = TaskKind.regression
  /// Numbers in each row of predictions: 1 for binary and ranking tasks.
  public private(set) var width = 0

  /// No task yet: an instance that was just made or reset.
  public init() {}

  /// - Parameters:
  ///   - monitor: Its id, as errors name it.
  ///   - kinds: The tasks that it serves.
  public init(_ task: TaskDescription, for monitor: String, serves kinds: [TaskKind]) throws {
    guard kinds.contains(task.kind) else {
      let names = kinds.map { "\($0)" }.joined(separator: " and ")
      throw PluginError(
        "\(monitor) serves \(names) tasks, and this one is \(task.kind)",
        help: "take the monitor '\(monitor)' out of the pipeline")
    }
    kind = task.kind
    width = task.kind == .binary || task.kind == .ranking ? 1 : task.outputWidth
    guard width >= (task.kind == .classes ? 2 : 1) else {
      throw PluginError("a \(task.kind) task with \(width) outputs")
    }
  }

  /// 0 where the target is no class.
  public var classes: Int {
    switch kind {
    case .binary: 2
    case .classes: width
    case .regression, .ranking: 0
    }
  }

  /// The classes by name, or by number where they have none; likewise the outputs of a regression.
  public static func partNames(_ task: TaskDescription) -> [String] {
    let count = task.kind == .binary ? 2 : task.outputWidth
    return task.classNames.count == count ? task.classNames : (0..<count).map { String($0) }
  }
}
