/// One completed epoch.
public struct Epoch: Sendable {
  /// From 0.
  public var index: Int
  /// By name, in the order in which the run's parts have named them.
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

  /// The names of all metrics, in the order in which they first came.
  public var metricNames: [String] {
    var known: Set<String> = []
    return epochs.flatMap { $0.metrics.map(\.name) }.filter { known.insert($0).inserted }
  }

  /// Every metric's values by name, as in Keras's `History.history`. A metric that some epochs lack has fewer
  /// values than there are epochs: `epochs` says which it has.
  public var history: [String: [Double]] {
    Dictionary(uniqueKeysWithValues: metricNames.map { ($0, series($0)) })
  }

  /// The epoch in which a metric was best, the first of equals; `nil` where no epoch has a number for it.
  /// - Parameters:
  ///   - name: Of the metric.
  ///   - direction: `.max` or `.min`; other values count as `.min`.
  public func bestEpoch(by name: String, _ direction: Direction) -> Epoch? {
    var best: (epoch: Epoch, value: Double)?
    for epoch in epochs {
      guard let value = epoch[name], !value.isNaN else { continue }
      if let held = best, direction == .max ? value <= held.value : value >= held.value { continue }
      best = (epoch, value)
    }
    return best?.epoch
  }
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
  /// From 0, as everywhere; people are told from 1. `nil`: before the first.
  public var epoch: Int?
  /// `nil`: outside a batch.
  public var batch: Int?
  public var message: String
  public var help: String?

  public init(
    part: String, call: String, epoch: Int? = nil, batch: Int? = nil, message: String, help: String? = nil
  ) {
    self.part = part
    self.call = call
    self.epoch = Self.place(epoch)
    self.batch = Self.place(batch)
    self.message = message
    self.help = help
  }

  /// Before the first epoch and outside batches there is no number.
  static func place(_ number: Int?) -> Int? { number.flatMap { $0 >= 0 ? $0 : nil } }

  public var description: String {
    if call.isEmpty { return message }
    var place = call
    if let epoch { place += ", epoch \(epoch + 1)" }
    if let batch { place += ", batch \(batch + 1)" }
    return "\(part) failed in \(place): \(message)"
  }
}
