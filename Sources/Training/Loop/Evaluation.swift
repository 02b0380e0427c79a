/// One forward pass over data: the mean loss and what monitors make of the predictions.
public final class Evaluation {
  public let model: any LoopModel
  public let monitors: [any LoopMonitor]
  public let pass: Pass
  private let result = StepResult()

  public init(model: any LoopModel, monitors: [any LoopMonitor], pass: Pass) {
    self.model = model
    self.monitors = monitors
    self.pass = pass
  }

  public struct Total: Sendable {
    public var loss = 0.0
    public var weight = 0.0
    public var rows = 0
    public var batches = 0

    public init() {}

    /// Σwl/Σw over the pass; NaN where nothing was weighed.
    public var mean: Double { weight > 0 ? loss / weight : .nan }
  }

  /// - Parameters:
  ///   - loader: Of the pass.
  ///   - epoch: For sources that read at random.
  ///   - start: Of a pass that is taken up again, after its begin and so many batches.
  ///   - goOn: Asked before each batch, with what is done so far: whether to go on.
  ///   - around: Called before and after each batch; the second time with its loss.
  ///   - onPrediction: Given the batch's predictions, valid until it returns.
  /// - Returns: `nil` when `goOn` said to leave.
  public func run(
    _ loader: BatchLoader, epoch: Int, from start: Total? = nil,
    goOn: (Total) throws -> Bool = { _ in true },
    around: (_ batch: Int, _ rows: Int, _ loss: Double?) throws -> Void = { _, _, _ in },
    onPrediction: (Batch, Tensor) throws -> Void = { _, _ in }
  ) throws -> Total? {
    if start == nil {
      for monitor in monitors { try attempt(monitor, "pass_begin") { try monitor.passBegin(pass) } }
    }
    var total = start ?? Total()
    try attempt(dataName, "read") { try loader.begin(epoch: epoch, startBatch: total.batches) }
    while true {
      guard try goOn(total) else { return nil }
      guard let batch = try next(loader, total.batches) else { return total }
      try around(total.batches, batch.rows, nil)
      try attempt("model '\(model.name)'", "evaluate", batch: total.batches) {
        try model.evaluate(batch, result)
      }
      total.loss += result.loss * result.weight
      total.weight += result.weight
      total.rows += batch.rows
      for monitor in monitors where !monitor.isSample {
        try attempt(monitor, "update") { try monitor.update(batch, prediction: result.prediction) }
      }
      try onPrediction(batch, result.prediction)
      try around(total.batches, batch.rows, result.loss)
      total.batches += 1
    }
  }

  private var dataName: String { pass == .validation ? "the validation data" : "the data" }

  private func next(_ loader: BatchLoader, _ number: Int) throws -> Batch? {
    do { return try loader.next() } catch {
      throw failure(error, part: dataName, call: "read", batch: number)
    }
  }
}

/// Runs a call on a monitor; an error names it.
@inline(__always)
func attempt(_ monitor: any LoopMonitor, _ call: String, _ body: () throws -> Void) throws {
  do { try body() } catch { throw failure(error, part: "monitor '\(monitor.name)'", call: call) }
}

/// Runs a call on a part of the run; an error names it. The name is made only then.
@inline(__always)
func attempt(
  _ part: @autoclosure () -> String, _ call: String, epoch: Int? = nil, batch: Int? = nil,
  _ body: () throws -> Void
) throws {
  do { try body() } catch { throw failure(error, part: part(), call: call, epoch: epoch, batch: batch) }
}

/// The error with the part of the run that it came from.
public func failure(
  _ error: any Error, part: String, call: String, epoch: Int? = nil, batch: Int? = nil
) -> RunFailure {
  if var known = error as? RunFailure {
    known.epoch = known.epoch ?? RunFailure.place(epoch)
    known.batch = known.batch ?? RunFailure.place(batch)
    return known
  }
  var result = RunFailure(part: part, call: call, epoch: epoch, batch: batch, message: "\(error)")
  if let own = error as? any FailureWords { (result.message, result.help) = own.failureWords }
  return result
}
