import Training

/// What callbacks asked for in a replay, and where the files that they write go.
final class ReplayTarget: RunTarget {
  /// One effect, as a recording has it.
  struct Asked: Equatable {
    var callback: String
    var hook: Hook
    var epoch: Int
    var batch: Int
    var effect: JSONValue
  }

  /// Weights that were written to a file, or a file that was removed.
  struct FileChange: Equatable {
    var callback: String
    var hook: Hook
    var epoch: Int
    /// −1 outside a batch.
    var batch: Int
    var path: String
    /// The weight that was saved; `nil`: the file was removed.
    var saved: Double?
  }

  struct ParameterChange: Equatable {
    var callback: String
    var epoch: Int
    var batch: Int
    var name: String
    var from: Double?
    var to: Double
  }

  struct Line: Equatable {
    var callback: String
    var level: LogLevel
    var text: String
  }

  private(set) var asked: [Asked] = []
  private(set) var files: [FileChange] = []
  private(set) var parameters: [ParameterChange] = []
  private(set) var lines: [Line] = []
  /// Requests to stop that each callback made first.
  private(set) var stops: [String: ReplayResult.Stop] = [:]

  private let folder: RunFolder?
  private let model: ReplayModel
  private let metrics: MetricTable
  private let clock: ReplayClock
  /// Also what is asked for in every batch, and bytes of files.
  private let keepsAll: Bool
  private var event: (hook: Hook, epoch: Int, batch: Int) = (.trainBegin, -1, -1)
  private var caller = ""

  init(folder: RunFolder?, model: ReplayModel, metrics: MetricTable, clock: ReplayClock, keepsAll: Bool) {
    self.folder = folder
    self.model = model
    self.metrics = metrics
    self.clock = clock
    self.keepsAll = keepsAll
  }

  // MARK: Events

  func records(_ hook: Hook) -> Bool { true }

  func record(_ event: EventFrame) {
    clock.advance()
    self.event = (event.hook, event.epoch, event.batch)
  }

  func record(_ effects: [Effect], by callback: String, in hook: Hook) {
    caller = callback
    event.hook = hook
    for effect in effects {
      note(effect, of: callback)
      switch effect {
      case .publish, .startFile, .appendFile, .status:
        if !keepsAll { continue }
      default: break
      }
      guard let record = JSONValue(recording: effect, metrics) else { continue }
      asked.append(
        Asked(callback: callback, hook: hook, epoch: event.epoch, batch: event.batch, effect: record))
    }
  }

  private func note(_ effect: Effect, of callback: String) {
    switch effect {
    case .stop(let reason):
      guard stops[callback] == nil else { return }
      let batch = event.batch >= 0 ? event.batch : nil
      stops[callback] = ReplayResult.Stop(epoch: event.epoch, batch: batch, reason: reason, by: callback)
    case .setParameter(let name, let value):
      parameters.append(
        ParameterChange(
          callback: callback, epoch: event.epoch, batch: event.batch, name: name, from: model.parameter(name),
          to: value))
    default: break
    }
  }

  func log(_ level: LogLevel, _ text: String, from part: String) {
    lines.append(Line(callback: part, level: level, text: text))
  }

  func status(_ text: String, from part: String) {}
  func isCheckpointDue(at position: RunPosition, step: Int) -> Bool { false }
  func checkpoint(_ trainer: Trainer, because reason: CheckpointReason) throws {}
  func epochEnded(_ epoch: Epoch) throws {}

  // MARK: Files

  func startFile(_ path: String) throws { try existing().start(path) }
  func appendFile(_ path: String, _ bytes: [UInt8]) throws { try existing().append(path, bytes) }

  func removeFile(_ path: String) throws {
    try existing().remove(path)
    files.append(change(path, saved: nil))
  }

  func saveWeights(_ weights: [NamedTensor], to path: String) throws {
    // Nobody's weights: not worth waiting for a disk.
    let metadata = [("format", "trainyard"), ("model", "replay")]
    try SafeTensors.write(weights, metadata: metadata, to: try existing().place(path), isDurable: false)
    files.append(change(path, saved: model.weight))
  }

  private func change(_ path: String, saved: Double?) -> FileChange {
    FileChange(
      callback: caller, hook: event.hook, epoch: event.epoch, batch: event.batch, path: path, saved: saved)
  }

  private func existing() throws -> RunFolder {
    guard let folder else { throw LoopError("this replay has no folder, so plugins cannot write files") }
    return folder
  }
}
