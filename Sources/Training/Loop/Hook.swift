/// The moments of a run at which callbacks are called. Numbered as in the contract.
public enum Hook: Int, CaseIterable, Sendable {
  case trainBegin, trainEnd, epochBegin, epochEnd, batchBegin, batchEnd, optimizerStep
  case validationBegin, validationEnd, validationBatchBegin, validationBatchEnd, exception

  /// As users write it.
  public var name: String {
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

  /// Called for every batch: timed on a sample.
  public var isPerBatch: Bool {
    switch self {
    case .batchBegin, .batchEnd, .optimizerStep, .validationBatchBegin, .validationBatchEnd: true
    default: false
    }
  }
}

/// A number for each hook, in one piece.
typealias HookCounts = InlineArray<12, Int>

extension HookCounts {
  init() { self.init(repeating: 0) }
}

/// How a run ended. Numbered as in the contract.
public enum Outcome: Int, Sendable {
  case running, finished, stopped, interrupted, failed

  public var name: String {
    switch self {
    case .running: "running"
    case .finished: "finished"
    case .stopped: "stopped"
    case .interrupted: "interrupted"
    case .failed: "failed"
    }
  }
}

/// Which pass over data is running. Numbered as in the contract.
public enum Pass: Int, Sendable {
  case train, validation, evaluate, predict
}

/// Which way a metric improves. Numbered as in the contract.
public enum Direction: Int, Sendable, CaseIterable {
  case none, min, max

  public var name: String {
    switch self {
    case .none: "none"
    case .min: "min"
    case .max: "max"
    }
  }
}

/// When a metric is there.
public struct Phase: OptionSet, Sendable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }
  public static let batch = Phase(rawValue: 1)
  public static let epoch = Phase(rawValue: 2)
}
