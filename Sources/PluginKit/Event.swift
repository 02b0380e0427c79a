import CTrainyard

/// How a run ended.
public enum Outcome: UInt32, Sendable {
  case running, finished, stopped, interrupted, failed
}

/// What a hook is given: where the run is, the metrics, and the effects it may ask for.
///
/// Effects are requests. They are carried out when the hook returns without throwing, before the next callback
/// is called; getters show what was before the hook. An event must not be kept.
public struct Event {
  public let host: Host
  let pointer: UnsafePointer<ty_event>

  init(host: Host, pointer: UnsafePointer<ty_event>) {
    self.host = host
    self.pointer = pointer
  }

  /// From 0; in `onTrainEnd` the last one begun, −1 if none.
  public var epoch: Int { Int(pointer.pointee.epoch) }
  /// From 0 within its pass; −1 outside a batch.
  public var batch: Int { Int(pointer.pointee.batch) }
  /// Optimizer steps done in this run.
  public var step: Int { Int(pointer.pointee.step) }
  /// Rows of this batch; of the pass at its end.
  public var examples: Int { Int(pointer.pointee.examples) }
  /// Other than `running` in `onTrainEnd` only.
  public var outcome: Outcome { Outcome(rawValue: pointer.pointee.outcome) ?? .running }
  /// In `onException` the error, in `onTrainEnd` why the run ended.
  public var text: String? { pointer.pointee.text.map { String(cString: $0) } }
  public var logs: Logs { Logs(event: pointer) }

  /// Texts and lists of the epoch, for loggers. In `onEpochEnd`.
  public var notes: [Note] {
    (0..<Int(pointer.pointee.note_count)).compactMap { index in
      pointer.pointee.notes[index].map { Note($0.pointee) }
    }
  }

  // Short forms of what hooks do most.
  public func publish(_ metric: Metric, _ value: Double) { host.publish(metric, value) }
  public func stop(because reason: String) { host.stop(because: reason) }
  public var weights: Weights? { host.weights }
  public var optimizer: Optimizer? { host.optimizer }
  public var files: Files? { host.files }
}

/// A text or a list of numbers beside the metrics of an epoch.
public struct Note: Sendable {
  public enum Content: Sendable, Equatable {
    case text(String)
    case list([Double])
  }
  public var name: String
  public var content: Content

  init(_ note: ty_note) {
    name = note.name.map { String(cString: $0) } ?? ""
    if let text = note.text {
      content = .text(String(cString: text))
    } else {
      content = .list(Array(UnsafeBufferPointer(start: note.values, count: Int(note.count))))
    }
  }
}
