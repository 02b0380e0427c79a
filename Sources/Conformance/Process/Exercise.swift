import CTrainyard
import PluginHost

/// An instance of any kind, and what a host commonly does with it: for rules that look at everything around it.
final class Exercise {
  private enum Subject {
    case callback(ScriptedCallback)
    case model(ModelDrive)
    case monitor(MonitorDrive, other: MonitorDrive, SampleRows)
    case dataset(DatasetDrive)
  }

  private let subject: Subject
  private var runs = 0

  /// Creates the instance (for a monitor, two of them).
  /// - Parameter rows: What models and monitors are given; see `rows(for:)`.
  init(_ context: RuleContext, memory: any EventMemory, rows: SampleRows?) throws {
    switch try context.component().kind {
    case .callback: subject = .callback(try context.callback(memory: memory))
    case .model: subject = .model(try ModelDrive(context, rows: rows.orSkip(), memory: memory))
    case .monitor:
      subject = .monitor(
        try MonitorDrive(context, memory: memory), other: try MonitorDrive(context, memory: memory),
        try rows.orSkip())
    case .dataset: subject = .dataset(try DatasetDrive(context, memory: memory))
    }
  }

  /// Rows of a task that the component serves; `nil` for kinds that are not given rows.
  static func rows(for context: RuleContext) throws -> SampleRows? {
    switch try context.component().kind {
    case .callback, .dataset: nil
    case .model: try ModelRules.servedRows(context)
    case .monitor: try MonitorRules.servedRows(context)
    }
  }

  /// Training with validation, twice through the data; all metrics are there, and they improve.
  static let script = RunScript(
    "exercise",
    epochs: [0.5, 0.4, 0.45, 0.3].map { RunScript.Epoch($0, batches: [$0 + 0.1, $0], validationBatches: 2) })

  /// One run, from the reset on, with all that may be asked for besides.
  func run() throws {
    runs += 1
    switch subject {
    case .callback(let callback):
      try callback.reset()
      try callback.run(Self.script)
      if callback.instance.savesState, !callback.instance.state.isFailed {
        let state = try callback.state()
        try callback.reset()
        try callback.load(state)
      }
    case .model(let model): try run(model)
    case .monitor(let monitor, let other, let rows): try run(monitor, other, rows)
    case .dataset(let dataset): try run(dataset)
    }
  }

  func destroy() {
    switch subject {
    case .callback(let callback): callback.destroy()
    case .model(let model): model.destroy()
    case .monitor(let monitor, let other, _):
      monitor.destroy()
      other.destroy()
    case .dataset(let dataset): dataset.destroy()
    }
  }

  private func run(_ model: ModelDrive) throws {
    try model.reset(seed: 7)
    _ = try model.train(4)
    _ = try model.evaluate(model.rows.all)
    _ = try model.evaluate(model.rows.all, pass: TY_PASS_PREDICT, hasTarget: false)
    let weights = try model.weights()
    for (name, value) in try model.parameters() { try? model.set(name, value) }
    if model.model.canAssign { try model.assign(weights) }
    if model.model.hasSnapshots {
      try model.snapshot(0)
    }
    guard model.model.savesState else { return }
    let state = try model.state()
    try model.reset(seed: 7)
    try model.load(state)
    _ = try model.train(2)
  }

  private func run(_ monitor: MonitorDrive, _ other: MonitorDrive, _ rows: SampleRows) throws {
    try other.begin(rows)
    try monitor.begin(rows)
    if !monitor.monitor.component.isSample {
      try monitor.update(rows, batches: rows.batches(of: 7))
      if monitor.monitor.canMerge {
        try other.update(rows, rows.all)
        try monitor.merge(other)
      }
    }
    _ = try monitor.compute()
    if monitor.monitor.savesState { _ = try monitor.state() }
  }

  private func run(_ dataset: DatasetDrive) throws {
    try dataset.reset()
    let rows = Array(0..<min(8, try dataset.rowCount()))
    _ = try dataset.read(rows, seed: 3, epoch: 1)
    for field in try dataset.fields().indices {
      _ = try dataset.whole(field)
    }
    if dataset.dataset.savesState { _ = try dataset.state() }
  }
}

extension Optional<SampleRows> {
  fileprivate func orSkip() throws -> SampleRows {
    guard let self else { throw Skip("no task that this checker knows is served") }
    return self
  }
}
