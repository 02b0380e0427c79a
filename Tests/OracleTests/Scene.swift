import Training

/// A made-up run that gives callbacks something to decide: a loss that falls, rises and falls, metrics of every
/// direction, weights, a clock, and where it is wanted a loss that jumps and one that is no number.
struct Scene: Sendable {
  var epochs: Int
  /// Of the metric `score`, which changes its direction from run to run.
  var direction: Direction
  var validates: Bool
  /// Where the loss turns.
  var turn: Int
  /// The epoch in which a batch has a loss that is far off, and the next one a loss that is NaN.
  var spike: Int?

  /// What runs before: each kind of ending is tried with each of these.
  static let before: [Scene] = [
    Scene(epochs: 8, direction: .max, validates: true, turn: 3),
    Scene(epochs: 3, direction: .min, validates: false, turn: 1),
    Scene(epochs: 12, direction: .min, validates: true, turn: 6, spike: 4),
  ]
  /// What must be the same, whatever ran before.
  static let after: [Scene] = [
    Scene(epochs: 9, direction: .min, validates: true, turn: 4),
    Scene(epochs: 5, direction: .max, validates: false, turn: 2, spike: 3),
  ]

  static let batches = 3

  var recording: Recording {
    var recording = Recording()
    recording.plannedEpochs = epochs
    recording.batchesPerEpoch = Self.batches
    recording.batchSize = 10
    recording.trainingRows = 30
    recording.validationRows = validates ? 8 : 0
    recording.seed = 7
    recording.parameters = [
      ("learning_rate", 0.1), ("momentum", 0.9), ("weight_decay", 0.01), ("accumulate_grad_batches", 1),
    ]
    recording.metrics = [
      Recording.Metric("loss", .min, [.batch, .epoch]), Recording.Metric("accuracy", .max, .epoch),
      Recording.Metric("score", direction, .epoch), Recording.Metric("gap", .none, .epoch),
    ]
    if validates {
      recording.metrics += [
        Recording.Metric("val_loss", .min, [.batch, .epoch]), Recording.Metric("val_accuracy", .max, .epoch),
      ]
    }
    recording.epochs = (0..<epochs).map(epoch)
    return recording
  }

  private func epoch(_ index: Int) -> Recording.Epoch {
    var epoch = Recording.Epoch(index: index)
    let loss = 0.2 + 0.1 * Double(abs(index - turn))
    epoch.batches = (0..<Self.batches).map { number in
      let isSpike = index == spike && number > 0
      let value = isSpike ? (number == 1 ? 50 : Double.nan) : loss + 0.01 * Double(number)
      return Recording.Batch(
        index: number, logs: [("loss", value)], weight: Double(index * Self.batches + number) * 0.5,
        examples: 10)
    }
    epoch.examples = 30
    epoch.begin = Double(index) * 10
    epoch.end = Double(index) * 10 + 9
    epoch.logs = [
      ("loss", index == spike ? .nan : loss), ("accuracy", 1 - loss),
      ("score", direction == .max ? 1 - loss : loss), ("gap", loss - 0.3),
    ]
    epoch.notes = [
      Note(name: "note", content: .text("epoch \(index)")), Note(name: "pair", content: .list([loss, 1])),
    ]
    guard validates else { return epoch }
    epoch.validates = true
    epoch.validationBatches = [
      Recording.Batch(index: 0, logs: [("val_loss", loss + 0.1)], steps: 0, examples: 8)
    ]
    // Every third epoch is not validated well: a planned metric that is absent.
    if index % 3 != 2 { epoch.logs += [("val_loss", loss + 0.1)] }
    epoch.logs += [("val_accuracy", 0.9 - loss)]
    return epoch
  }
}

/// How the run before ends.
enum Ending: Sendable, Equatable {
  case finished
  /// By something that is not the callback.
  case stopped
  case modelError
  /// In the middle of an epoch.
  case interrupted
  case otherCallback(Hook)
  /// The callback's own hook fails.
  case ownHook(Hook)

  static func all(hooks: Set<Hook>) -> [Ending] {
    [.finished, .stopped, .modelError, .interrupted, .otherCallback(.epochEnd), .otherCallback(.batchEnd)]
      + Hook.allCases.filter(hooks.contains).map { .ownHook($0) }
  }

  /// Where it ends: neither at the beginning nor at the end.
  func cut(_ recording: Recording) -> Recording {
    var recording = recording
    let last = max(1, recording.epochs.count / 2)
    switch self {
    case .finished, .otherCallback, .ownHook: return recording
    case .stopped:
      recording.epochs = Array(recording.epochs.prefix(last + 1))
      recording.ending = .stopped(reason: "another callback stopped it")
    case .modelError:
      recording.epochs = Array(recording.epochs.prefix(last + 1))
      recording.epochs[last].batches.removeLast()
      recording.epochs[last].isComplete = false
      recording.ending = .failed(message: "the model has failed")
    case .interrupted:
      recording.epochs = Array(recording.epochs.prefix(last + 1))
      recording.epochs[last].batches.removeLast()
      recording.epochs[last].isComplete = false
      recording.ending = .interrupted
    }
    return recording
  }
}
