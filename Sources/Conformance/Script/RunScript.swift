/// What a run shows a callback: epochs, batches, values, and how it ends. All hooks follow from it, in the order of
/// the real loop.
///
/// One number stands for all metrics of an epoch or batch: `loss` and `val_loss` are that number, `accuracy` and
/// `val_accuracy` are 1 minus it, and a metric that only the plugin knows is like one or the other by its name.
public struct RunScript: Sendable, Equatable {
  public struct Epoch: Sendable, Equatable {
    /// What the metrics of the epoch come from; `nil`: they are missing.
    public var value: Double?
    /// The same for each batch. None: an epoch of no batches.
    public var batches: [Double?]
    /// 0: the epoch does not validate.
    public var validationBatches: Int

    public init(_ value: Double?, batches: [Double?], validationBatches: Int = 1) {
      self.value = value
      self.batches = batches
      self.validationBatches = validationBatches
    }
  }

  /// How the run ends, after a number of calls where it does not end by itself.
  public enum Ending: Sendable, Equatable {
    case finished
    /// Another callback asks to stop: the epoch is closed, then on_train_end(stopped).
    case stopped(afterCalls: Int)
    /// Ctrl-C: on_train_end(interrupted) is next.
    case interrupted(afterCalls: Int)
    /// Something else fails: on_exception and on_train_end(failed) are next.
    case failed(afterCalls: Int)
    /// The call's own effects cannot be carried out, and so the run fails.
    case effectsFailed(atCall: Int)
    /// Nothing comes after it, not even on_train_end.
    case aborted(afterCalls: Int)

    /// The same ending, sooner.
    var calls: Int? {
      switch self {
      case .finished: nil
      case .stopped(let n), .interrupted(let n), .failed(let n), .effectsFailed(let n), .aborted(let n): n
      }
    }

    func moved(to calls: Int) -> Ending {
      switch self {
      case .finished: self
      case .stopped: .stopped(afterCalls: calls)
      case .interrupted: .interrupted(afterCalls: calls)
      case .failed: .failed(afterCalls: calls)
      case .effectsFailed: .effectsFailed(atCall: calls)
      case .aborted: .aborted(afterCalls: calls)
      }
    }
  }

  /// What people call it: "improving".
  public var name: String
  public var epochs: [Epoch]
  public var ending = Ending.finished
  /// Without them the plugin finds no weights and no hyper-parameters.
  public var hasModel = true
  /// Where the numbers of epochs, batches and steps begin.
  public var firstEpoch = 0
  public var firstStep = 0

  public init(_ name: String, epochs: [Epoch], ending: Ending = .finished) {
    self.name = name
    self.epochs = epochs
    self.ending = ending
  }

  public var validates: Bool { epochs.contains { $0.validationBatches > 0 } }
  public var batchesPerEpoch: Int { epochs.map(\.batches.count).max() ?? 0 }

  /// Every call of the run, if no one asks to stop.
  var moments: [Moment] {
    var moments = [Moment(.trainBegin)]
    for (index, epoch) in epochs.enumerated() {
      let number = firstEpoch &+ index
      moments.append(Moment(.epochBegin, epoch: number))
      for (batch, value) in epoch.batches.enumerated() {
        moments.append(Moment(.batchBegin, epoch: number, batch: batch))
        moments.append(Moment(.optimizerStep, epoch: number, batch: batch))
        moments.append(Moment(.batchEnd, epoch: number, batch: batch, value: value))
      }
      if epoch.validationBatches > 0 {
        let training = epoch.batches.isEmpty ? nil : epoch.value
        moments.append(Moment(.validationBegin, epoch: number, value: training))
        for batch in 0..<epoch.validationBatches {
          moments.append(Moment(.validationBatchBegin, epoch: number, batch: batch))
          moments.append(Moment(.validationBatchEnd, epoch: number, batch: batch, value: epoch.value))
        }
        moments.append(Moment(.validationEnd, epoch: number, value: epoch.value))
      }
      moments.append(
        Moment(.epochEnd, epoch: number, value: epoch.value, validates: epoch.validationBatches > 0))
    }
    return moments
  }
}

/// The hooks, numbered as in the contract.
enum ScriptHook: Int {
  case trainBegin, trainEnd, epochBegin, epochEnd, batchBegin, batchEnd, optimizerStep, validationBegin
  case validationEnd, validationBatchBegin, validationBatchEnd, exception

  var name: String {
    switch self {
    case .trainBegin: "on_train_begin"
    case .trainEnd: "on_train_end"
    case .epochBegin: "on_epoch_begin"
    case .epochEnd: "on_epoch_end"
    case .batchBegin: "on_batch_begin"
    case .batchEnd: "on_batch_end"
    case .optimizerStep: "on_optimizer_step"
    case .validationBegin: "on_validation_begin"
    case .validationEnd: "on_validation_end"
    case .validationBatchBegin: "on_validation_batch_begin"
    case .validationBatchEnd: "on_validation_batch_end"
    case .exception: "on_exception"
    }
  }

  var isTrainingBatch: Bool { self == .batchBegin || self == .optimizerStep || self == .batchEnd }
  /// Metrics of the batch, not of the epoch.
  var showsBatch: Bool { isTrainingBatch || self == .validationBatchBegin || self == .validationBatchEnd }
}

/// One call of a run.
struct Moment: Equatable {
  var hook: ScriptHook
  var epoch: Int
  var batch: Int
  var value: Double?
  /// Whether `val_` metrics are there at the epoch's end.
  var validates: Bool

  init(_ hook: ScriptHook, epoch: Int = -1, batch: Int = -1, value: Double? = nil, validates: Bool = true) {
    self.hook = hook
    self.epoch = epoch
    self.batch = batch
    self.value = value
    self.validates = validates
  }

  var site: CallSite { CallSite(hook.name, epoch: epoch, batch: batch) }
}
