/// The metrics that a host knows: names and ids for its whole life; who declares and who wants them for one run.
///
/// Ids are dense, grow, and outlive every reset. Declarations and wants belong to a run: `beginRun` forgets those
/// of the run before, so that a direction is never kept.
public final class MetricTable {
  public struct Declaration {
    public var direction: Direction
    public var phase: Phase
    /// Who publishes it: "the loop", "monitor 'accuracy'".
    public var source: String
  }

  public struct Want {
    public var metric: Int
    public var isOptional: Bool
    /// Who reads it: "callback 'early-stopping'".
    public var reader: String
  }

  public private(set) var names: [String] = []
  private var ids: [String: Int] = [:]
  private var declarations: [Int: Declaration] = [:]
  public private(set) var wants: [Want] = []
  // What instances asked for when they were created holds in every run.
  private var lastingDeclarations: [Int: Declaration] = [:]
  private var lastingWants: [Want] = []
  /// The nearest of some names, for a name that nobody declares; the table itself knows no spelling.
  public var nearest: (_ name: String, _ among: [String]) -> String? = { _, _ in nil }
  private var isRunning = false
  private var disputed: [(id: Int, first: String, second: String)] = []
  private var isCreating = false

  public init() {}

  public var count: Int { names.count }

  public func id(of name: String) -> Int {
    if let id = ids[name] { return id }
    ids[name] = names.count
    names.append(name)
    return names.count - 1
  }

  public func knownID(of name: String) -> Int? { ids[name] }

  /// Forgets what the run before declared and wanted; what was asked for at creation stays.
  public func beginRun() {
    disputed = []
    declarations = lastingDeclarations
    wants = lastingWants
    isRunning = true
  }

  public func endRun() { isRunning = false }

  /// A reader that was created anew asks again; what it asked for before must not count twice.
  public func forget(_ party: String) {
    wants.removeAll { $0.reader == party }
    declarations = declarations.filter { $0.value.source != party }
    lastingWants.removeAll { $0.reader == party }
    lastingDeclarations = lastingDeclarations.filter { $0.value.source != party }
  }

  /// What is asked for in `body` holds in every run, also when one has begun.
  public func whileCreating<T>(_ body: () throws -> T) rethrows -> T {
    isCreating = true
    defer { isCreating = false }
    return try body()
  }

  @discardableResult
  public func declare(_ name: String, _ direction: Direction, _ phase: Phase, by source: String) -> Int {
    let id = id(of: name)
    let declaration = Declaration(direction: direction, phase: phase, source: source)
    if isRunning {
      if let other = declarations[id], other.source != source { disputed.append((id, other.source, source)) }
      declarations[id] = declaration
    }
    if !isRunning || isCreating { lastingDeclarations[id] = declaration }
    return id
  }

  @discardableResult
  public func want(_ name: String, optional: Bool, by reader: String) -> Int {
    let want = Want(metric: id(of: name), isOptional: optional, reader: reader)
    if isRunning { wants.append(want) }
    if !isRunning || isCreating { lastingWants.append(want) }
    return want.metric
  }

  public func declaration(of id: Int) -> Declaration? { declarations[id] }

  /// Metrics that the loop or a monitor publishes and somebody else has declared, too. Callbacks may share one, as
  /// `learning_rate`.
  public var conflicts: [(name: String, parties: [String])] {
    disputed.filter { !($0.first.hasPrefix("callback ") && $0.second.hasPrefix("callback ")) }
      .map { (names[$0.id], [$0.first, $0.second]) }
  }

  /// The metrics that this run can produce, by id.
  public var declared: [(id: Int, name: String, declaration: Declaration)] {
    declarations.sorted { $0.key < $1.key }.map { ($0.key, names[$0.key], $0.value) }
  }

  /// Wants that nobody declares: (name, who wants it, whether a run may go on without it).
  public var unmetWants: [(name: String, reader: String, isOptional: Bool)] {
    wants.filter { declarations[$0.metric] == nil }.map { (names[$0.metric], $0.reader, $0.isOptional) }
  }
}
