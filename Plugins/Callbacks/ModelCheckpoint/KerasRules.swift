import CallbackCore
import PluginKit

/// As Keras 3 saves: every epoch or every n batches, all or those that are the best so far.
extension ModelCheckpoint {
  private static let last = "last.safetensors"

  func createForKeras(_ host: Host) throws {
    try rules.refuse([
      "save_top_k": saveTopK, "every_n_epochs": everyNEpochs, "every_n_train_steps": everyNTrainSteps,
      "train_time_interval": trainTimeInterval, "auto_insert_metric_name": autoInsertMetricName,
      "enable_version_counter": enableVersionCounter,
    ])
    batchesBetweenSaves = try frequency()
    let savesBest = saveBestOnly ?? false
    let template = try NameTemplate(
      filename ?? (savesBest ? "best.safetensors" : "epoch-{epoch:03d}.safetensors"))
    _ = try CheckpointPath.path(template.text)
    if saveLast, template.text == Self.last {
      throw PluginError(
        "option 'filename' is '\(Self.last)', where save_last saves", help: "give filename another name")
    }
    if template.names.contains("batch"), batchesBetweenSaves == nil {
      throw PluginError(
        "option 'filename' is '\(template.text)', and at the end of an epoch there is no {batch}",
        help: "take it out, or set save_freq to a number of batches")
    }
    self.template = template
    let mode = mode ?? .auto
    let name = monitor?.name ?? "val_loss"
    // A run without validation may well save every epoch, though the default monitor is val_loss.
    if savesBest || (mode == .auto && !Mode.isLoss(name)) {
      metric = host.want(name, optional: !(strict && savesBest))
    }
    want(namesOf: template, except: ["epoch", "batch"], host)
  }

  private func frequency() throws -> Int? {
    guard let saveFreq, saveFreq != "epoch" else { return nil }
    guard let batches = Int(saveFreq), batches >= 1 else {
      throw PluginError(
        "option 'save_freq' is '\(saveFreq)', and must be epoch or a number of batches from 1 on",
        help: "set save_freq: epoch, or save_freq: 100")
    }
    return batches
  }

  func batchEndedByKeras(_ event: Event) throws {
    guard let batchesBetweenSaves else { return }
    // The number of a batch that has not grown belongs to a new epoch.
    let last = progress.lastBatch ?? -1
    progress.batchesSinceSave += event.batch > last ? event.batch - last : event.batch + 1
    progress.lastBatch = event.batch
    guard progress.batchesSinceSave >= batchesBetweenSaves else { return }
    progress.batchesSinceSave = 0
    try saveByKeras(event)
  }

  func saveByKeras(_ event: Event) throws {
    guard let template else { return }
    // The name first: one that cannot be formed is an error also where nothing would be saved.
    let path = try CheckpointPath.path(
      try template.filled { name in
        switch name {
        case "epoch": .int(event.epoch + 1)
        case "batch": .int(event.batch + 1)
        default: value(of: name, event)
        }
      })
    if try isWorthSavingByKeras(event) { try save(to: path, event) }
    if saveLast { try save(to: CheckpointPath.path(Self.last), event) }
  }

  private func isWorthSavingByKeras(_ event: Event) throws -> Bool {
    guard saveBestOnly == true, let metric else { return true }
    guard let value = event.logs[metric] else {
      warnOfAbsentMonitor(metric, event)
      return false
    }
    let rule = Improvement(try (mode ?? .auto).direction(of: metric, event.host))
    guard rule.improves(value, on: progress.best) else { return false }
    progress.best = value
    return true
  }
}
