import PluginHost

extension PipelineConfig {
  /// The config with every default written out, as a run folder keeps it. Reading it again gives the same config.
  ///
  /// - Parameter pluginOptions: The options of a plugin as they were read, see `OptionSpec.nodes(of:for:)`. By
  ///   default what the user wrote.
  public func resolved(
    pluginOptions: (PluginConfig) -> [ConfigNode.Entry] = { $0.options.entries }
  ) -> ConfigNode {
    func node(_ plugin: PluginConfig, _ more: [(String, ConfigNode?)] = []) -> ConfigNode {
      Self.map(plugin.keys + more, and: pluginOptions(plugin))
    }
    return Self.map([
      ("data", data.node { node($0) }),
      ("model", node(model.plugin, [("initial_weights", model.initialWeights.map(ConfigNode.init(text:)))])),
      ("train", train.node),
      ("monitors", ConfigNode(.list(monitors.map { node($0) } + measures.map(\.node)))),
      ("callbacks", ConfigNode(.list(callbacks.map { node($0) }))),
      ("cross_validation", crossValidation?.node),
      ("output", output.node),
      ("checkpoints", checkpoints?.node ?? ConfigNode(.bool(false))),
      ("isolation", isolatesAll ? ConfigNode(text: "all") : nil),
      ("plugins", ["path": ConfigNode(.list(pluginFolders.map(ConfigNode.init(text:))))]),
      ("search", search?.node),
    ])
  }

  /// What has no value is left out.
  fileprivate static func map(
    _ entries: [(String, ConfigNode?)], and more: [ConfigNode.Entry] = []
  ) -> ConfigNode {
    let ours = entries.compactMap { key, value in value.map { ConfigNode.Entry(key: key, value: $0) } }
    return ConfigNode(.map(ours + more))
  }
}

extension ConfigNode {
  fileprivate init(text: String) { self.init(.string(text)) }
  fileprivate init(_ value: Int) { self.init(.int(Int64(value))) }
}

extension PluginConfig {
  fileprivate var keys: [(String, ConfigNode?)] {
    let library =
      switch reference {
      case .id(let id): id
      case .path(_, let absolute): absolute
      }
    let isCallback = kind == .callback
    return [
      (Self.pluginKey(of: kind), ConfigNode(text: library)),
      ("component", component.map(ConfigNode.init(text:))),
      ("name", name.map(ConfigNode.init(text:))),
      ("on_error", isCallback ? ConfigNode(text: onError.rawValue) : nil),
    ] + isolation.keys(otherwise: onError == .drop ? .drop : .fail)
  }
}

extension PluginConfig.IsolationConfig {
  /// Whether the plugin asks for a helper itself.
  fileprivate var isInHelper: Bool { place != nil && place != .here }

  /// - Parameter otherwise: What the death of the helper does where nothing is said of it.
  fileprivate func keys(otherwise: IsolationSettings.CrashPolicy) -> [(String, ConfigNode?)] {
    let policy = onCrash ?? (isInHelper ? otherwise : nil)
    return [
      ("isolate", node),
      ("on_crash", policy.map { ConfigNode(text: $0.rawValue) }),
      ("deadline", isInHelper ? ConfigNode(.float(deadline ?? 30)) : nil),
      ("network", isInHelper ? ConfigNode(.bool(network ?? false)) : nil),
      ("memory_limit", memoryLimit.map { ConfigNode(.int($0)) }),
    ]
  }

  private var node: ConfigNode? {
    switch place {
    case .own: ConfigNode(.bool(true))
    case .here: ConfigNode(.bool(false))
    case .group(let name): ConfigNode(text: name)
    case nil: nil
    }
  }
}

extension MeasureConfig {
  fileprivate var node: ConfigNode {
    let name: (String, ConfigNode?) = ("name", ConfigNode(text: name))
    let direction: (String, ConfigNode?) = ("direction", ConfigNode(text: direction.name))
    switch content {
    case .expression(let expression):
      return PipelineConfig.map([name, ("expression", ConfigNode(text: expression.text)), direction])
    case .function(let function):
      return PipelineConfig.map(
        [
          name,
          ("library", ConfigNode(text: function.signature.library)),
          ("symbol", ConfigNode(text: function.signature.symbol)),
          ("returns", ConfigNode(text: function.signature.returns.description)),
          ("args", function.arguments),
          ("when", ConfigNode(text: function.when.rawValue)),
          ("pass", ConfigNode(text: function.passes.rawValue)),
          direction,
        ] + function.isolation.keys(otherwise: .fail))
    }
  }
}

extension DataConfig {
  fileprivate func node(_ dataset: (PluginConfig) -> ConfigNode) -> ConfigNode {
    let validation: ConfigNode? =
      switch validation {
      case .none: nil
      case .fraction(let fraction, let isStratified):
        ["fraction": ConfigNode(.float(fraction)), "stratify": ConfigNode(.bool(isStratified))]
      case .dataset(let plugin): dataset(plugin)
      }
    let classWeight: ConfigNode? =
      switch classWeight {
      case .none: nil
      case .balanced: "balanced"
      case .given(let weights):
        PipelineConfig.map(weights.sorted { $0.key < $1.key }.map { ($0.key, ConfigNode(.float($0.value))) })
      }
    return PipelineConfig.map([
      ("train", dataset(train)),
      ("validation", validation),
      ("scale", scale.map { ConfigNode(.float($0)) }),
      ("standardize", ConfigNode(.bool(standardizes))),
      ("missing", ConfigNode(text: missing.rawValue)),
      ("one_hot", ConfigNode(.bool(oneHot))),
      ("task", ConfigNode(text: task.rawValue)),
      ("class_weight", classWeight),
    ])
  }
}

extension TrainConfig {
  fileprivate var node: ConfigNode {
    PipelineConfig.map([
      ("epochs", ConfigNode(epochs)),
      ("batch_size", ConfigNode(batchSize)),
      ("seed", ConfigNode(.int(Int64(clamping: seed)))),
      ("shuffle", ConfigNode(.bool(shuffles))),
      ("validation_batch_size", ConfigNode(validationBatchSize)),
      ("validation_every", ConfigNode(validationEvery)),
      ("threads", ConfigNode(threads)),
      ("prefetch", ConfigNode(text: prefetch.rawValue)),
      ("max_steps", maxSteps.map { ConfigNode($0) }),
      ("strict", ConfigNode(.bool(isStrict))),
      ("find_learning_rate", learningRateSearch?.node),
    ])
  }
}

extension LearningRateSearch {
  fileprivate var node: ConfigNode {
    PipelineConfig.map([
      ("min", ConfigNode(.float(minimum))),
      ("max", ConfigNode(.float(maximum))),
      ("steps", ConfigNode(steps)),
      ("ramp", ConfigNode(text: ramp.rawValue)),
      ("divergence", ConfigNode(.float(divergence))),
    ])
  }
}

extension CheckpointPolicy {
  fileprivate var node: ConfigNode {
    PipelineConfig.map([
      ("every_epochs", everyEpochs.map { ConfigNode($0) }),
      ("every_steps", everySteps.map { ConfigNode($0) }),
      ("every_seconds", everySeconds.map { ConfigNode(.float($0)) }),
      ("keep", ConfigNode(keep)),
      ("keep_finished", ConfigNode(.bool(keepFinished))),
    ])
  }
}

extension OutputConfig {
  fileprivate var node: ConfigNode {
    PipelineConfig.map([
      ("folder", ConfigNode(text: folder)),
      ("name", name.map(ConfigNode.init(text:))),
      ("record", ConfigNode(text: record.rawValue)),
      ("store", store.map(ConfigNode.init(text:)) ?? ConfigNode(.bool(false))),
    ])
  }
}
