/// Where a run can be left and taken up again: between two batches of a pass, or between two epochs.
public struct RunPosition: Sendable, Equatable {
  public enum Phase: String, Sendable, CaseIterable {
    /// `epoch` has not begun.
    case betweenEpochs = "between_epochs"
    /// `epoch` has begun, and `batch` of its training batches are done.
    case training
    /// The training pass of `epoch` is over, and `batch` of its validation batches are done.
    case validation
  }

  public var phase: Phase
  /// From 0.
  public var epoch: Int
  /// Batches of the pass that are done; 0 between epochs.
  public var batch: Int

  public init(_ phase: Phase, epoch: Int, batch: Int = 0) {
    self.phase = phase
    self.epoch = epoch
    self.batch = batch
  }

  /// For people, who count from 1.
  public var words: String {
    let batches = batch == 1 ? "1 batch" : "\(batch) batches"
    return switch phase {
    case .betweenEpochs: epoch == 0 ? "before the first epoch" : "after epoch \(epoch)"
    case .training: "in epoch \(epoch + 1), after \(batches)"
    case .validation: "in the validation of epoch \(epoch + 1), after \(batches)"
    }
  }
}

/// Why a checkpoint is asked for.
public enum CheckpointReason: Sendable {
  /// Its time has come.
  case due
  /// A callback has asked for it.
  case marked
  /// The run leaves here: it must be safe before anyone is told.
  case interrupted
  /// The run is complete.
  case ended
}
