import CallbackCore
import PluginKit

/// As Lightning saves: the best k, at one of three moments, with the names that it gives.
extension ModelCheckpoint {
  private static let ending = ".ckpt"
  private static let last = "last" + ending

  private var limit: Int { saveTopK ?? 1 }

  func createForLightning(_ host: Host) throws {
    try rules.refuse([
      "save_best_only": saveBestOnly, "save_freq": saveFreq, "initial_value_threshold": initialValueThreshold,
    ])
    _ = try Rules.lightningDirection(mode)
    let moments = [
      ("every_n_epochs", (everyNEpochs ?? 0) > 0), ("every_n_train_steps", (everyNTrainSteps ?? 0) > 0),
      ("train_time_interval", trainTimeInterval != nil),
    ].filter(\.1).map(\.0)
    guard moments.count <= 1 else {
      throw PluginError(
        "options \(moments.map { "'\($0)'" }.joined(separator: " and ")) are given, "
          + "and there is one moment for saving",
        help: "leave all but one out")
    }
    guard monitor != nil || (-1...1).contains(limit) else {
      throw PluginError(
        "option 'save_top_k' is \(limit), and without a monitor nothing says which are the best",
        help: "name a monitor, or set save_top_k to -1, 0 or 1")
    }
    let template = try NameTemplate(
      filename ?? "{epoch}-{step}", insertsNames: autoInsertMetricName ?? true)
    _ = try CheckpointPath.path(template.text)
    if saveLast, template.text + Self.ending == Self.last {
      throw PluginError(
        "option 'filename' is 'last', where save_last saves", help: "give filename another name")
    }
    self.template = template
    metric = monitor.map { host.want($0.name, optional: !strict) }
    want(namesOf: template, except: ["epoch", "step"], host)
  }

  // MARK: Moments

  /// 0: never. Who names another moment, even one that is 0, has no save at the end of epochs by default.
  private var epochsBetweenSaves: Int {
    everyNEpochs ?? (everyNTrainSteps == nil && trainTimeInterval == nil ? 1 : 0)
  }

  func epochEndedByLightning(_ event: Event) throws {
    let epochs = epochsBetweenSaves
    guard epochs > 0, (event.epoch + 1) % epochs == 0 else { return }
    try saveByLightning(event)
  }

  func batchEndedByLightning(_ event: Event) throws {
    if let everyNTrainSteps, everyNTrainSteps > 0 {
      // A batch without an optimizer step has the number of the one before.
      guard event.step > progress.lastStep, event.step % everyNTrainSteps == 0 else { return }
      progress.lastStep = event.step
      try saveByLightning(event)
    } else if let trainTimeInterval {
      progress.sinceSave.update(event.host.clock)
      guard progress.sinceSave.seconds >= trainTimeInterval.seconds else { return }
      progress.sinceSave.restart()
      try saveByLightning(event)
    }
  }

  /// A run that should leave its last weights and has saved nothing saves them now.
  func runEndedByLightning(_ event: Event) throws {
    if saveLast, progress.lastFile == nil { try saveLastByLightning(event) }
  }

  // MARK: Saving

  private func saveByLightning(_ event: Event) throws {
    guard limit != 0 else { return }
    guard let metric else { return try saveNewest(event) }
    guard let value = event.logs[metric] else { return warnOfAbsentMonitor(metric, event) }
    let direction = try Rules.lightningDirection(mode)
    guard progress.top.wants(value, direction, limit: limit) else { return }
    let old = progress.top.makeRoom(limit: limit)
    let file = try freeName(event, besides: old)
    progress.top.add(file, value, direction, limit: limit)
    try replace(old, by: file, event)
  }

  private func saveNewest(_ event: Event) throws {
    let old = limit == 1 ? progress.newestFile : nil
    let file = try freeName(event, besides: old)
    progress.newestFile = file
    try replace(old, by: file, event)
  }

  /// Effects are carried out in order: the old file goes when the new one is safe.
  private func replace(_ old: String?, by file: String, _ event: Event) throws {
    try save(to: CheckpointPath.folder + file, event)
    if let old, old != file { event.files?.remove(CheckpointPath.folder + old) }
    if saveLast { try saveLastByLightning(event) }
  }

  private func saveLastByLightning(_ event: Event) throws {
    progress.lastFile = Self.last
    try save(to: CheckpointPath.folder + Self.last, event)
  }

  /// The file's name with, where it is taken by another than the one that goes, a version.
  private func freeName(_ event: Event, besides old: String?) throws -> String {
    guard let template else { return "" }
    let name = try template.filled { name in
      switch name {
      case "epoch": .int(event.epoch)
      case "step": .int(event.step)
      default: value(of: name, event)
      }
    }
    _ = try CheckpointPath.path(name)
    var file = name + Self.ending
    guard enableVersionCounter ?? true, let files = event.files else { return file }
    var version = 1
    while file != old, files.size(CheckpointPath.folder + file) != nil {
      file = "\(name)-v\(version)\(Self.ending)"
      version += 1
    }
    return file
  }
}
