import Training

/// What one callback asked for in a replay, and what came of it.
public struct ReplayReport: Sendable {
  /// Weights that were written, or a file that was removed.
  public struct FileChange: Sendable, Equatable {
    public enum Action: String, Sendable { case saved, removed }
    public var action: Action
    /// Relative to the run's folder.
    public var path: String
    /// From 0.
    public var epoch: Int
    public var batch: Int?
  }

  public struct ParameterChange: Sendable, Equatable {
    public var name: String
    public var from: Double?
    public var to: Double
    public var epoch: Int
    public var batch: Int?
  }

  /// Where weights come from.
  public enum Weights: Sendable, Equatable {
    /// As they were before the first batch.
    case untrained
    /// From 0; with the batch where batches were recorded.
    case trained(epoch: Int, batch: Int?)
    /// None that training made: an average.
    case mixed
  }

  /// As they were given: `early-stopping:patience=2`.
  public var settings: String
  /// The component's id, and the instance's name.
  public var plugin: String
  public var name: String
  /// All options, defaults included and secrets left out.
  public var options: JSONValue
  /// Of the run, which all callbacks of one list share.
  public var outcome: Outcome
  public var epochsRun: Int
  /// This callback's own request to stop.
  public var stop: ReplayResult.Stop?
  /// What the model holds at the end.
  public var finalWeights: Weights
  /// What was asked for with the weights: taken, restored, swapped, averaged, assigned.
  public var weightEffects: [JSONValue]
  public var parameters: [ParameterChange]
  public var fileChanges: [FileChange]
  /// What lies in the folder in the end, with sizes in bytes.
  public var files: [(path: String, size: Int)]
  /// The folder, if it was not a temporary one.
  public var folder: String?
  public var lines: [(level: LogLevel, text: String)]
  public var failure: RunFailure?
  /// It acts at batches, and the recording has none.
  public var missesBatches: Bool

  init(
    settings: String, instance: PlannedInstance, recording: Recording, result: ReplayResult,
    target: ReplayTarget,
    folder: String, keepsFiles: Bool
  ) {
    self.settings = settings
    plugin = instance.component.id
    name = instance.name
    options = JSONValue(instance.component.resolvedNode(of: instance.options))
    outcome = result.outcome
    epochsRun = result.epochs.count
    stop = target.stops[instance.name]
    finalWeights = Self.origin(of: result.finalWeight, result, recording)
    let weightKinds = ["slot_take", "slot_restore", "slot_swap", "slot_blend", "slot_drop", "assign_weights"]
    weightEffects = target.asked.filter { asked in
      asked.callback == instance.name && weightKinds.contains(asked.effect["effect"]?.string ?? "")
    }.map { asked in
      var members = asked.effect.members ?? []
      members.append(JSONValue.Member("hook", .string(asked.hook.name)))
      members.append(JSONValue.Member("epoch", .int(Int64(asked.epoch))))
      if asked.batch >= 0 { members.append(JSONValue.Member("batch", .int(Int64(asked.batch)))) }
      return .object(members)
    }
    parameters = target.parameters.filter { $0.callback == instance.name }.map {
      ParameterChange(
        name: $0.name, from: $0.from, to: $0.to, epoch: $0.epoch, batch: $0.batch < 0 ? nil : $0.batch)
    }
    fileChanges = target.files.filter { $0.callback == instance.name }.map {
      FileChange(
        action: $0.saved == nil ? .removed : .saved, path: $0.path, epoch: $0.epoch,
        batch: $0.batch < 0 ? nil : $0.batch)
    }
    files = PathName.files(below: folder).map { ($0, PathName.size(PathName.join(folder, $0))) }
    self.folder = keepsFiles ? folder : nil
    lines = target.lines.filter { $0.callback == instance.name || $0.callback == instance.party }.map {
      ($0.level, $0.text)
    }
    failure = result.failure
    let acts = ["on_batch_begin", "on_batch_end", "on_optimizer_step"].contains {
      instance.component.hooks.contains($0)
    }
    missesBatches = acts && !recording.hasBatches
  }

  private static func origin(of weight: Double, _ result: ReplayResult, _ recording: Recording) -> Weights {
    if let origin = result.origins[weight] { return .trained(epoch: origin.epoch, batch: origin.batch) }
    return weight == recording.initialWeight ? .untrained : .mixed
  }

  // MARK: As JSON

  /// Epochs and batches count from 0.
  public var json: JSONValue {
    var members: [(String, JSONValue)] = [
      ("callback", .string(settings)), ("plugin", .string(plugin)), ("name", .string(name)),
      ("options", options),
      ("outcome", .string(outcome.name)), ("epochs_run", .int(Int64(epochsRun))),
    ]
    members.append(
      (
        "stop",
        stop.map {
          .record([
            ("epoch", .int(Int64($0.epoch))), ("batch", Self.int($0.batch)), ("reason", .string($0.reason)),
          ])
        } ?? .null
      ))
    members.append(("final_weights", weightsJSON))
    members.append(("weights", .array(weightEffects)))
    members.append(
      (
        "parameters",
        .array(
          parameters.map {
            .record([
              ("name", .string($0.name)), ("from", $0.from.map { .double($0) } ?? .null),
              ("to", .double($0.to)),
              ("epoch", .int(Int64($0.epoch))), ("batch", Self.int($0.batch)),
            ])
          })
      ))
    members.append(
      (
        "saves",
        .array(
          fileChanges.map {
            .record([
              ("action", .string($0.action.rawValue)), ("path", .string($0.path)),
              ("epoch", .int(Int64($0.epoch))),
              ("batch", Self.int($0.batch)),
            ])
          })
      ))
    members.append(
      ("files", .array(files.map { .record([("path", .string($0.path)), ("size", .int(Int64($0.size)))]) })))
    members.append(("folder", folder.map { .string($0) } ?? .null))
    members.append(
      ("log", .array(lines.map { .record([("level", .string("\($0.level)")), ("text", .string($0.text))]) })))
    members.append(("error", failure.map { .string($0.description) } ?? .null))
    return .record(members)
  }

  private var weightsJSON: JSONValue {
    switch finalWeights {
    case .untrained: .record([("origin", "untrained")])
    case .mixed: .record([("origin", "average")])
    case .trained(let epoch, let batch):
      .record([("origin", "trained"), ("epoch", .int(Int64(epoch))), ("batch", Self.int(batch))])
    }
  }

  private static func int(_ value: Int?) -> JSONValue { value.map { .int(Int64($0)) } ?? .null }
}
