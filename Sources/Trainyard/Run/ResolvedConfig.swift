import PluginHost

/// A config with nothing left to defaults, as `config.json` in a run's folder shows it: running it again is the same
/// run. Secrets are left out.
struct ResolvedConfig {
  let config: PipelineConfig
  let plan: Plan

  init(_ config: PipelineConfig, _ plan: Plan) {
    self.config = config
    self.plan = plan
  }

  var json: JSONValue {
    var pairs: [(String, JSONValue)] = [("data", data), ("model", model), ("train", train)]
    pairs.append(("monitors", .array(zip(config.monitors, plan.monitors).map { instance($0, $1) })))
    pairs.append(("callbacks", .array(zip(config.callbacks, plan.callbacks).map { instance($0, $1) })))
    var output: [(String, JSONValue)] = [("folder", .string(config.output.folder))]
    if let name = config.output.name { output.append(("name", .string(name))) }
    output.append(("record", .string(config.output.record.rawValue)))
    pairs.append(("output", .record(output)))
    if !config.pluginFolders.isEmpty {
      pairs.append(("plugins", .record([("path", .array(config.pluginFolders.map { .string($0) }))])))
    }
    return .record(pairs)
  }

  private func instance(_ plugin: PluginConfig, _ planned: PlannedInstance) -> JSONValue {
    let key = plugin.kind == .dataset ? "dataset" : "plugin"
    var pairs: [(String, JSONValue)] = []
    switch plugin.reference {
    case .id(let id): pairs.append((key, .string(id)))
    case .path(_, let absolute):
      pairs += [(key, .string(absolute)), ("component", .string(planned.component.id))]
    }
    if plugin.kind != .dataset { pairs.append(("name", .string(planned.name))) }
    if planned.onError == .drop { pairs.append(("on_error", "drop")) }
    let options = JSONValue(planned.component.resolvedNode(of: planned.options))
    return .record(pairs + (options.members ?? []).map { ($0.name, $0.value) })
  }

  private var data: JSONValue {
    var pairs: [(String, JSONValue)] = [("train", instance(config.data.train, plan.data.training))]
    switch (config.data.validation, plan.data.validation) {
    case (.fraction(let fraction, let isStratified), _):
      pairs.append(
        ("validation", .record([("fraction", .double(fraction)), ("stratify", .bool(isStratified))])))
    case (.dataset(let plugin), .dataset(let planned)): pairs.append(("validation", instance(plugin, planned)))
    default: break
    }
    if let scale = config.data.scale { pairs.append(("scale", .double(scale))) }
    pairs += [
      ("standardize", .bool(config.data.standardizes)), ("missing", .string(config.data.missing.rawValue)),
      ("one_hot", .bool(config.data.oneHot)), ("task", .string(config.data.task.rawValue)),
    ]
    switch config.data.classWeight {
    case .none: break
    case .balanced: pairs.append(("class_weight", "balanced"))
    case .given(let table):
      pairs.append(
        ("class_weight", .record(table.sorted { $0.key < $1.key }.map { ($0.key, .double($0.value)) })))
    }
    return .record(pairs)
  }

  private var model: JSONValue {
    let planned = instance(config.model.plugin, plan.model)
    guard let path = config.model.initialWeights else { return planned }
    return .record((planned.members ?? []).map { ($0.name, $0.value) } + [("initial_weights", .string(path))])
  }

  private var train: JSONValue {
    let train = config.train
    var pairs: [(String, JSONValue)] = [
      ("epochs", .int(Int64(train.epochs))), ("batch_size", .int(Int64(train.batchSize))),
      ("seed", .int(Int64(clamping: train.seed))), ("shuffle", .bool(train.shuffles)),
      ("validation_batch_size", .int(Int64(train.validationBatchSize))),
      ("validation_every", .int(Int64(train.validationEvery))), ("threads", .int(Int64(train.threads))),
      ("prefetch", .string(train.prefetch.rawValue)),
    ]
    if let steps = train.maxSteps { pairs.append(("max_steps", .int(Int64(steps)))) }
    pairs.append(("strict", .bool(train.isStrict)))
    return .record(pairs)
  }
}
