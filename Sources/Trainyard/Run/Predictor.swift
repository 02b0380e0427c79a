import PluginHost
import Training

/// A trained model from a run's folder, with the preprocessing that was fitted with it: evaluates and predicts.
/// Belongs to one thread, as a worker does.
final class Predictor {
  let folder: ModelFolder
  private let context = RunContext()
  private let model: ModelAdapter
  private let console: any Console

  init(_ folder: ModelFolder, model planned: PlannedInstance, threads: Int, console: any Console) throws {
    self.folder = folder
    self.console = console
    context.helpers.tell = { text, _ in console.line(.warning, text) }
    model = try ModelAdapter(planned, run: context)
    defer { say(model.context.effects) }
    var task = folder.task
    task.threads = threads
    do {
      try model.reset(seed: 0, task: task)
      try model.assign(folder.weights)
    } catch { throw failure(error, part: "model '\(model.name)'", call: "assign of the saved weights") }
  }

  /// The loss and what monitors make of the predictions on a dataset with a target.
  func evaluate(
    _ data: PlannedInstance, monitors planned: [PlannedInstance], batchSize: Int
  ) throws -> [(name: String, value: Double)] {
    let loader = try loader(data, readsTarget: true, batchSize: batchSize, pass: .evaluate)
    context.metrics.beginRun()
    let lossID = context.metrics.declare("loss", .min, .epoch, by: "the loop")
    let monitors = try planned.map { try MonitorAdapter($0, run: context, pass: .evaluate) }
    for monitor in monitors {
      do {
        try monitor.reset()
        try monitor.prepare(folder.task)
      } catch { throw failure(error, part: "monitor '\(monitor.name)'", call: "prepare") }
    }
    let evaluation = Evaluation(model: model, monitors: monitors, pass: .evaluate)
    defer { for part in monitors.map(\.effects) + [model.context.effects] { say(part) } }
    let total = try withRemedies { try evaluation.run(loader, epoch: 0) }
    let logs = Logs(capacity: context.metrics.count)
    if let total { logs.set(lossID, total.mean) }
    for monitor in monitors {
      try monitor.compute()
      for case .publish(let id, let value) in monitor.effects.effects { logs.set(id, value) }
    }
    return context.metrics.named(logs)
  }

  /// Hands over predictions batch by batch, in the order of the rows.
  func predict(_ data: PlannedInstance, batchSize: Int, _ body: (Tensor) throws -> Void) throws {
    let loader = try loader(data, readsTarget: false, batchSize: batchSize, pass: .predict)
    let evaluation = Evaluation(model: model, monitors: [], pass: .predict)
    defer { say(model.context.effects) }
    _ = try withRemedies {
      try evaluation.run(loader, epoch: 0, onPrediction: { _, prediction in try body(prediction) })
    }
  }

  /// Passes on the lines that an instance has for the user.
  private func say(_ effects: EffectQueue) {
    for case .log(let level, let text) in effects.effects { console.line(level, text) }
    effects.removeAll()
  }

  /// What is missing would have to be imputed as in training, and nothing was: a key of the pipeline is no help any more.
  private func withRemedies<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch var failure as RunFailure where failure.help == DataError.missingHelp {
      failure.help = "leave such rows out, or train the model again with 'data.missing' set"
      throw failure
    }
  }

  private func loader(
    _ data: PlannedInstance, readsTarget: Bool, batchSize: Int, pass: Pass
  ) throws -> BatchLoader {
    let source = try DatasetAdapter(data, run: context)
    try source.reset()
    guard source.rowCount > 0 else {
      throw DataError(.noRows, "\(source.name) has no rows", help: "check the file that it reads")
    }
    let assembler = try BatchAssembler(
      source: source, preprocessing: folder.preprocessing, readsTarget: readsTarget)
    let rows = try source.allRows()
    return try BatchLoader(
      assembler: assembler, rows: rows, batchSize: batchSize, shuffle: false, seed: 0, pass: pass)
  }
}
