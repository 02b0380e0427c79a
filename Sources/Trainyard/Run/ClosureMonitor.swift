import Training

/// A monitor of an embedding program, in Swift. What it gives is a metric like any other: callbacks watch it by its
/// name, and by `val_` and its name in the validation pass.
///
/// ```swift
/// var plan = try pipeline.plan()
/// plan.add(ClosureMonitor("confidence", direction: .max) { batch, prediction in
///   prediction.floats.reduce(0) { $0 + abs($1 - 0.5) } / Float(batch.rows)
/// })
/// ```
public struct ClosureMonitor: Sendable {
  public var name: String
  public var direction: Direction
  let makeMeasure: @Sendable () -> any PassMeasure

  /// The mean over the rows of a pass of what `measure` says of each batch. Batch and prediction are valid until it
  /// returns.
  public init(
    _ name: String, direction: Direction = .none,
    _ measure: @escaping @Sendable (_ batch: Batch, _ prediction: Tensor) throws -> Double
  ) {
    self.name = name
    self.direction = direction
    makeMeasure = { MeanMeasure(measure: measure) }
  }

  /// A measure that is no mean: `update` adds a batch to a value that begins as `initial` in each pass, and `compute`
  /// makes the metric of it, or `nil` where it is not defined.
  public init<State: Sendable>(
    _ name: String, direction: Direction = .none, initial: State,
    update: @escaping @Sendable (inout State, _ batch: Batch, _ prediction: Tensor) throws -> Void,
    compute: @escaping @Sendable (State) throws -> Double?
  ) {
    self.name = name
    self.direction = direction
    makeMeasure = { StatefulMeasure(initial: initial, add: update, finish: compute) }
  }
}

/// What measures one pass: new at its begin, asked at its end.
protocol PassMeasure {
  mutating func begin()
  mutating func update(_ batch: Batch, _ prediction: Tensor) throws
  func compute() throws -> Double?
  /// For a checkpoint in mid-pass.
  var state: StateTable { get set }
  /// Whether that is all of it.
  var hasWholeState: Bool { get }
}

/// A mean over rows, in double with the rounding errors kept.
struct RowMean {
  var sum = 0.0
  var compensation = 0.0
  var rows = 0

  mutating func add(_ value: Double, rows: Int) {
    let term = value * Double(rows)
    let new = sum + term
    // Neumaier: what the larger of the two has swallowed of the smaller. An infinity or NaN swallows nothing.
    if new.isFinite { compensation += abs(sum) >= abs(term) ? (sum - new) + term : (term - new) + sum }
    sum = new
    let (total, isTooMany) = self.rows.addingReportingOverflow(rows)
    self.rows = isTooMany ? .max : total
  }

  var value: Double? { rows > 0 ? (sum + compensation) / Double(rows) : nil }

  func save(_ key: String, in table: inout StateTable) {
    table["\(key).sum"] = .float(sum)
    table["\(key).compensation"] = .float(compensation)
    table["\(key).rows"] = .int(Int64(rows))
  }

  init() {}

  init(_ key: String, in table: StateTable) {
    if case .float(let value)? = table["\(key).sum"] { sum = value }
    if case .float(let value)? = table["\(key).compensation"] { compensation = value }
    if case .int(let value)? = table["\(key).rows"] { rows = Int(clamping: max(0, value)) }
  }
}

private struct MeanMeasure: PassMeasure {
  let measure: @Sendable (Batch, Tensor) throws -> Double
  var mean = RowMean()

  mutating func begin() { mean = RowMean() }
  mutating func update(_ batch: Batch, _ prediction: Tensor) throws {
    mean.add(try measure(batch, prediction), rows: batch.rows)
  }
  func compute() -> Double? { mean.value }
  var hasWholeState: Bool { true }

  var state: StateTable {
    get {
      var table: StateTable = [:]
      mean.save("mean", in: &table)
      return table
    }
    set { mean = RowMean("mean", in: newValue) }
  }
}

/// Its value is the program's own and not part of checkpoints: they are taken between epochs then.
private struct StatefulMeasure<State>: PassMeasure {
  let initial: State
  let add: @Sendable (inout State, Batch, Tensor) throws -> Void
  let finish: @Sendable (State) throws -> Double?
  var current: State

  init(
    initial: State, add: @escaping @Sendable (inout State, Batch, Tensor) throws -> Void,
    finish: @escaping @Sendable (State) throws -> Double?
  ) {
    self.initial = initial
    self.add = add
    self.finish = finish
    current = initial
  }

  mutating func begin() { current = initial }
  mutating func update(_ batch: Batch, _ prediction: Tensor) throws { try add(&current, batch, prediction) }
  func compute() throws -> Double? { try finish(current) }
  var hasWholeState: Bool { false }
  var state: StateTable {
    get { [:] }
    set {}
  }
}
