import Training

/// A pipeline file as Swift values: complete, with defaults, and checked as far as that goes without plugins.
public struct PipelineConfig: Sendable {
  public var data: DataConfig
  public var model: ModelConfig
  public var train: TrainConfig
  /// Those that are plugins.
  public var monitors: [PluginConfig]
  /// Monitors that are no plugins, each after those that it reads.
  public var measures: [MeasureConfig]
  /// In the order in which they are called.
  public var callbacks: [PluginConfig]
  public var output: OutputConfig
  /// Every plugin that does not say otherwise has a helper process.
  public var isolatesAll: Bool
  /// `nil`: none are taken.
  public var checkpoints: CheckpointPolicy?
  /// `nil`: not given.
  public var crossValidation: CrossValidationConfig?
  /// Folders to search for plugins before all others, absolute.
  public var pluginFolders: [String]
  /// What a search tries out; `nil`: there is nothing to search.
  public var search: SearchConfig?
  /// What relative paths of the config are relative to.
  public var baseFolder: String

  /// Every plugin of the config, in the order of the file.
  public var plugins: [PluginConfig] {
    var datasets = [data.train]
    if case .dataset(let dataset) = data.validation { datasets.append(dataset) }
    return datasets + [model.plugin] + monitors + callbacks
  }

  /// Reads a pipeline file. Relative paths in it are relative to the folder that it lies in.
  public static func read(path: String) throws(ConfigProblems) -> PipelineConfig {
    try read(ConfigReader.read(path: path), baseFolder: AbsolutePath.folder(of: path))
  }

  /// Reads what stands in a node. All problems come out together.
  public static func read(_ node: ConfigNode, baseFolder: String) throws(ConfigProblems) -> PipelineConfig {
    let (config, problems) = try readAll(node, baseFolder: baseFolder)
    guard problems.isEmpty else { throw ConfigProblems(problems) }
    return config
  }

  /// What can be read of a node, with stand-ins for the rest, and all that is wrong with it.
  static func readAll(
    _ node: ConfigNode, baseFolder: String
  ) throws(ConfigProblems) -> (config: PipelineConfig, problems: [ConfigProblem]) {
    var reader = PipelineReader(baseFolder: AbsolutePath.of(".", baseFolder: baseFolder))
    let config = try reader.read(node)
    return (config, reader.problems.inOrderOfText)
  }
}

/// What to train on.
public struct DataConfig: Sendable {
  public enum Validation: Sendable {
    case none
    /// A part of the training data, above 0 and below 1.
    case fraction(Double, isStratified: Bool)
    case dataset(PluginConfig)
  }

  public enum ClassWeight: Hashable, Sendable {
    case none, balanced
    /// By class name; other classes have weight 1.
    case given([String: Double])
  }

  public var train: PluginConfig
  public var validation: Validation
  /// What numeric features are divided by.
  public var scale: Double?
  public var standardizes: Bool
  public var missing: Preprocessing.Missing
  public var oneHot: Bool
  public var task: TargetPlan.Setting
  public var classWeight: ClassWeight
}

/// What to train.
public struct ModelConfig: Sendable {
  public var plugin: PluginConfig
  /// Absolute.
  public var initialWeights: String?
}

/// How to train.
public struct TrainConfig: Sendable {
  public var epochs: Int
  public var batchSize: Int
  public var seed: UInt64
  public var shuffles: Bool
  public var validationBatchSize: Int
  /// Validates after every n-th epoch.
  public var validationEvery: Int
  public var threads: Int
  public var prefetch: Prefetch
  /// Optimizer steps.
  public var maxSteps: Int?
  public var isStrict: Bool
  /// `nil`: the model's learning rate stands.
  public var learningRateSearch: LearningRateSearch?
}

/// Whether the next batch is read while the current one trains.
public enum Prefetch: String, Sendable, CaseIterable {
  case auto, on, off
}

/// What a run leaves behind.
public struct OutputConfig: Sendable {
  public enum Record: String, Sendable, CaseIterable {
    case epochs, batches
  }

  /// What a store is called that lies beside the runs.
  public static let storeName = "trainyard.db"

  /// Absolute.
  public var folder: String
  /// `nil`: made from time and seed.
  public var name: String?
  public var record: Record
  /// The file that keeps what was run, absolute; `nil`: none does.
  public var store: String?
}
