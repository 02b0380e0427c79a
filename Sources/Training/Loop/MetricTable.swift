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
  /// What instances asked for when they were created: it holds in every run that they are part of.
  private var lasting: [Mention] = []
  /// By id: the place of the metric among those that were named for this run, which is the order in which results
  /// show them. Ids would do for one run, and go by everything that the host has ever run.
  private var places: [Int: Int] = [:]
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

  /// Something that an instance asked for as it was created.
  public enum Mention {
    case declaration(id: Int, Declaration)
    case want(Want)
  }

  /// Forgets what the run before declared and wanted; what was asked for at creation stays.
  public func beginRun() {
    disputed = []
    declarations = [:]
    wants = []
    places = [:]
    isRunning = true
    for mention in lasting { apply(mention) }
  }

  private func apply(_ mention: Mention) {
    switch mention {
    case .declaration(let id, let declaration):
      place(id)
      declarations[id] = declaration
    case .want(let want):
      place(want.metric)
      wants.append(want)
    }
  }

  private func place(_ id: Int) { if places[id] == nil { places[id] = places.count } }

  /// Other instances will run: forgets what those before asked for at their creation.
  public func forgetInstances() { lasting = [] }

  /// An instance that was created earlier is part of the next run, or of the one that has begun: what it asked for
  /// then holds again.
  public func include(_ mentions: [Mention]) {
    lasting += mentions
    if isRunning { for mention in mentions { apply(mention) } }
  }

  public func endRun() { isRunning = false }

  /// A reader that was created anew asks again; what it asked for before must not count twice.
  public func forget(_ party: String) {
    wants.removeAll { $0.reader == party }
    declarations = declarations.filter { $0.value.source != party }
    lasting.removeAll {
      switch $0 {
      case .declaration(_, let declaration): declaration.source == party
      case .want(let want): want.reader == party
      }
    }
  }

  /// What is asked for in `body` holds in every run, also when one has begun.
  public func whileCreating<T>(_ body: () throws -> T) rethrows -> T {
    isCreating = true
    defer { isCreating = false }
    return try body()
  }

  /// What the party has asked for at its creation, in its order.
  public func mentions(since start: Int) -> [Mention] { Array(lasting.dropFirst(start)) }
  public var mentionCount: Int { lasting.count }

  @discardableResult
  public func declare(_ name: String, _ direction: Direction, _ phase: Phase, by source: String) -> Int {
    let id = id(of: name)
    let declaration = Declaration(direction: direction, phase: phase, source: source)
    if isRunning {
      if let other = declarations[id], other.source != source { disputed.append((id, other.source, source)) }
      declarations[id] = declaration
    }
    if !isRunning || isCreating { lasting.append(.declaration(id: id, declaration)) }
    if isRunning { place(id) }
    return id
  }

  @discardableResult
  public func want(_ name: String, optional: Bool, by reader: String) -> Int {
    let want = Want(metric: id(of: name), isOptional: optional, reader: reader)
    if isRunning { wants.append(want) }
    if !isRunning || isCreating { lasting.append(.want(want)) }
    if isRunning { place(want.metric) }
    return want.metric
  }

  public func declaration(of id: Int) -> Declaration? { declarations[id] }

  /// Metrics that the loop or a monitor publishes and somebody else has declared, too. Callbacks may share one, as
  /// `learning_rate`.
  public var conflicts: [(name: String, parties: [String])] {
    disputed.filter { !($0.first.hasPrefix("callback ") && $0.second.hasPrefix("callback ")) }
      .map { (names[$0.id], [$0.first, $0.second]) }
  }

  /// The metrics that this run can produce, in the order in which they were named for it.
  public var declared: [(id: Int, name: String, declaration: Declaration)] {
    declarations.sorted { precedes($0.key, $1.key) }.map { ($0.key, names[$0.key], $0.value) }
  }

  /// Names and values of what is there, in the same order.
  public func named(_ logs: Logs) -> [(name: String, value: Double)] {
    logs.entries.sorted { precedes($0.id, $1.id) }.map { (names[$0.id], $0.value) }
  }

  private func precedes(_ one: Int, _ other: Int) -> Bool {
    (places[one] ?? .max, one) < (places[other] ?? .max, other)
  }

  /// Wants that nobody declares: (name, who wants it, whether a run may go on without it).
  public var unmetWants: [(name: String, reader: String, isOptional: Bool)] {
    wants.filter { declarations[$0.metric] == nil }.map { (names[$0.metric], $0.reader, $0.isOptional) }
  }
}
