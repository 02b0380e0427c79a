/// One completed epoch.
public struct Epoch: Sendable {
  /// From 0.
  public var index: Int
  /// By name, in the order of the metrics' ids.
  public var metrics: [(name: String, value: Double)]
  public var notes: [Note]
  public var seconds: Double

  public init(index: Int, metrics: [(name: String, value: Double)], notes: [Note] = [], seconds: Double = 0) {
    self.index = index
    self.metrics = metrics
    self.notes = notes
    self.seconds = seconds
  }

  public subscript(name: String) -> Double? { metrics.first { $0.name == name }?.value }
}

/// What one fit gave.
public struct FitResult: Sendable {
  public var outcome = Outcome.running
  /// Why it ended, in a sentence.
  public var reason = ""
  /// The callback that asked to stop.
  public var stoppedBy: String?
  public var failure: RunFailure?
  public var epochs: [Epoch] = []
  /// Optimizer steps.
  public var steps = 0
  public var seconds = 0.0
  public var costs: [CallbackCost] = []
  /// Callbacks that failed and were dropped, as `on_error: drop` asks, with the reason.
  public var dropped: [(callback: String, reason: String)] = []
  public var warnings: [String] = []

  public init() {}

  /// Whether the run failed before its first epoch: nothing was trained.
  public var neverBegan: Bool {
    outcome == .failed && epochs.isEmpty && steps == 0 && (failure?.epoch ?? -1) < 0
  }

  /// The values of one metric over the epochs that have it.
  public func series(_ name: String) -> [Double] { epochs.compactMap { $0[name] } }
}

/// What one callback cost in one hook.
public struct CallbackCost: Sendable {
  public var callback: String
  public var hook: Hook
  public var calls: Int
  /// Estimated from the sample that was timed.
  public var seconds: Double
}

/// An error that ended a run: whose, in which call, where in the run.
public struct RunFailure: Error, Sendable, CustomStringConvertible {
  /// "callback 'csv-logger'", "model 'mlp'".
  public var part: String
  /// "on_epoch_end", "train_step"; "" where the message says it all.
  public var call: String
  /// From 0, as everywhere; people are told from 1.
  public var epoch: Int?
  public var batch: Int?
  public var message: String
  public var help: String?

  public init(
    part: String, call: String, epoch: Int? = nil, batch: Int? = nil, message: String, help: String? = nil
  ) {
    self.part = part
    self.call = call
    self.epoch = epoch
    self.batch = batch
    self.message = message
    self.help = help
  }

  public var description: String {
    if call.isEmpty { return message }
    var place = call
    if let epoch, epoch >= 0 { place += ", epoch \(epoch + 1)" }
    if let batch, batch >= 0 { place += ", batch \(batch + 1)" }
    return "\(part) failed in \(place): \(message)"
  }
}
