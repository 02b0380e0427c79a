import PluginHost
import Training

/// A map of the pipeline file: its keys, declared once. Reading, help and JSON Schema come from here.
public struct PipelineSection: Sendable {
  /// `data.validation`; `callbacks[]` for each element of a list.
  public var path: String
  public var doc: String
  /// Those of type `table` are maps or lists with a section of their own.
  public var keys: [OptionSpec]
  /// Every other key is an option of a component of this kind.
  public var pluginKind: ComponentSpec.Kind?

  init(_ path: String, _ doc: String, pluginKind: ComponentSpec.Kind? = nil, _ keys: [OptionSpec]) {
    self.path = path
    self.doc = doc
    self.keys = keys
    self.pluginKind = pluginKind
  }

  /// Keys that no plugin can have as an option in this place.
  public var reservedKeys: Set<String> { Set(keys.map(\.key)) }

  /// All sections, from the top of the file to its end.
  public static let all: [PipelineSection] = [
    pipeline, data, dataset, validation, model, train, findLearningRate, monitor, expressionMonitor,
    functionMonitor, callback,
    crossValidation,
    output, checkpoints, plugins,
    search, halving, tpe,
  ]

  /// Where keys stand that people put at the top of the file: `epochs` and `train.epochs`.
  static let pathsBelowTop: [String: String] = {
    let paths = [train, data, checkpoints, output].flatMap { section in
      section.keys.map { ($0.key, "\(section.path).\($0.key)") }
    }
    return Dictionary(paths, uniquingKeysWith: { first, _ in first })
  }()

  /// All keys with what they mean, as help shows it.
  public static var listing: String {
    all.map { section in
      let head = section.path.isEmpty ? section.doc : "\(section.path): \(section.doc)"
      let rest = section.pluginKind.map { "\n  and the options of the \($0.rawValue)" } ?? ""
      return head + section.keys.map { "\n  \($0.summary)" }.joined() + rest + "\n"
    }.joined(separator: "\n")
  }
}

// MARK: The top of the file

extension PipelineSection {
  public static let pipeline = PipelineSection(
    "", "A pipeline: data, a model, and what watches it while it trains.",
    [
      OptionSpec("data", .table, "What to train on.", isRequired: true),
      OptionSpec("model", .table, "What to train.", isRequired: true),
      OptionSpec("train", .table, "How to train."),
      OptionSpec("monitors", .table, "What to measure beside the loss.", isList: true),
      OptionSpec("callbacks", .table, "What watches and steers the run, in this order.", isList: true),
      OptionSpec("output", .table, "What a run leaves behind."),
      OptionSpec(
        "checkpoints", .table, "When the run is saved, so that it can be resumed; false for never."),
      OptionSpec(
        "isolation", .choice, "all: every plugin runs in a helper process unless it says 'isolate: false'.",
        default: "none", choices: ["none", "all"]),
      OptionSpec("plugins", .table, "Where plugins are found."),
      OptionSpec(
        "cross_validation", .table,
        "How `trainyard cross-validate` divides the data; `trainyard run` passes over it."),
      OptionSpec("search", .table, "What `trainyard search` tries out; `trainyard run` passes over it."),
    ])

  public static let output = PipelineSection(
    "output", "What a run leaves behind.",
    [
      OptionSpec(
        "folder", .path,
        "The folder in which each run makes its own; where it is not given, runs in the working folder.",
        default: "runs"),
      OptionSpec(
        "name", .string, "The name of the run's folder; made from time and seed where it is not given."),
      OptionSpec(
        "record", .choice, "What events.jsonl holds, for replay: epochs only, or each batch as well.",
        default: "epochs", choices: ["epochs", "batches"]),
      OptionSpec(
        "store", .table,
        "The SQLite file that keeps what was run, for `trainyard runs`; trainyard.db in the folder where it is not"
          + " given; false: none."),
    ])

  public static let checkpoints = PipelineSection(
    "checkpoints",
    "When the run is saved, so that `trainyard resume` can go on with it. An interrupted run is always saved.",
    [
      OptionSpec(
        "every_epochs", .int, "After every n-th epoch.", range: "[1, )", unit: "epochs"),
      OptionSpec("every_steps", .int, "After every n-th optimizer step.", range: "[1, )", unit: "steps"),
      OptionSpec(
        "every_seconds", .float,
        "Between two batches, when so much time has passed since the last; 30 where neither of the above is given.",
        range: "(0, )", unit: "seconds"),
      OptionSpec("keep", .int, "The newest so many are kept.", default: "2", range: "[1, )"),
      OptionSpec(
        "keep_finished", .bool,
        "Keeps the last one of a run that has finished, so that it can be given more epochs.",
        default: "false"),
    ])

  public static let plugins = PipelineSection(
    "plugins", "Where plugins are found.",
    [OptionSpec("path", .path, "Folders that are searched before all others.", default: "[]", isList: true)])
}

// MARK: Data

extension PipelineSection {
  public static let data = PipelineSection(
    "data",
    "What to train on, and what is done to it first. All that is fitted is fitted on the training part.",
    [
      OptionSpec("train", .table, "The dataset to train on.", isRequired: true),
      OptionSpec(
        "validation", .table, "What is evaluated and never trained on; nothing where it is not given."),
      OptionSpec("scale", .float, "Numeric features are divided by it, as 255 for bytes.", range: "(0, )"),
      OptionSpec(
        "standardize", .bool, "Gives each numeric feature mean 0 and deviation 1.", default: "false"),
      OptionSpec(
        "missing", .choice, "What becomes of missing values: refused, or replaced by this.",
        default: "refuse",
        choices: Preprocessing.Missing.allCases.map(\.rawValue)),
      OptionSpec(
        "one_hot", .bool, "Gives each value of a categorical feature a column; numbers them otherwise.",
        default: "true"),
      OptionSpec(
        "task", .choice, "What the targets are; auto goes by their type.", default: "auto",
        choices: TargetPlan.Setting.allCases.map(\.rawValue)),
      OptionSpec(
        "class_weight", .table,
        "'balanced' (each class counts the same), or a map of class names to weights; 1 where it is not given."
      ),
    ])

  public static let dataset = PipelineSection(
    "data.train, data.validation", "A dataset.", pluginKind: .dataset,
    [
      OptionSpec(
        "dataset", .string, "The id of a dataset plugin, or the path of a library.", isRequired: true),
      component,
    ] + isolation)

  public static let validation = PipelineSection(
    "data.validation", "A part of the training data that is held out; or a dataset of its own, as above.",
    [
      OptionSpec("fraction", .float, "The part that is held out.", range: "(0, 1)", isRequired: true),
      OptionSpec("stratify", .bool, "Keeps the classes' shares the same in both parts.", default: "false"),
    ])
}

// MARK: Training

extension PipelineSection {
  public static let train = PipelineSection(
    "train", "How to train.",
    [
      OptionSpec("epochs", .int, "Passes over the training data.", default: "10", range: "[1, )"),
      OptionSpec("batch_size", .int, "Rows in a batch.", default: "32", range: "[1, )", unit: "rows"),
      OptionSpec(
        "seed", .int, "Where all randomness comes from: the same seed gives the same weights.", default: "0",
        range: "[0, )"),
      OptionSpec("shuffle", .bool, "Gives the rows a new order in each epoch.", default: "true"),
      OptionSpec(
        "validation_batch_size", .int, "Rows in a batch of validation; batch_size where it is not given.",
        range: "[1, )", unit: "rows"),
      OptionSpec(
        "validation_every", .int, "Validates after every n-th epoch.", default: "1", range: "[1, )",
        unit: "epochs"),
      OptionSpec("threads", .int, "Threads that the model computes with.", default: "1", range: "[1, 1024]"),
      OptionSpec(
        "prefetch", .choice, "Reads the next batch while the current one trains; auto where that pays.",
        default: "auto", choices: Prefetch.allCases.map(\.rawValue)),
      OptionSpec(
        "max_steps", .int, "Ends training after so many optimizer steps.", range: "[1, )", unit: "steps"),
      OptionSpec(
        "strict", .bool, "A metric that is watched and cannot be produced is an error; a warning otherwise.",
        default: "true"),
      OptionSpec(
        "find_learning_rate", .table,
        "First looks for a learning rate in a short run of its own, then trains with what it suggests."),
    ])

  public static let findLearningRate = PipelineSection(
    "train.find_learning_rate", "A short run with a rising learning rate.",
    [
      OptionSpec("min", .float, "The learning rate of the first step.", default: "1e-8", range: "(0, )"),
      OptionSpec("max", .float, "The learning rate of the last step.", default: "1.0", range: "(0, )"),
      OptionSpec("steps", .int, "Training steps.", default: "100", range: "[12, )", unit: "steps"),
      OptionSpec(
        "ramp", .choice, "How the rate rises from min to max.", default: "exponential",
        choices: LearningRateSearch.Ramp.allCases.map(\.rawValue)),
      OptionSpec(
        "divergence", .float, "Ends early when the smoothed loss is so many times the best one.",
        default: "4.0",
        range: "(1, )"),
    ])
}

// MARK: Plugins

extension PipelineSection {
  private static let component = OptionSpec(
    "component", .string, "Which component of the library, where it has several.")
  private static let name = OptionSpec(
    "name", .string,
    "What the instance is called in logs and checkpoints; the component's id where it is not given.")

  public static let model = PipelineSection(
    "model", "What to train.", pluginKind: .model,
    [
      OptionSpec("plugin", .string, "The id of a model plugin, or the path of a library.", isRequired: true),
      component, name,
      OptionSpec(
        "initial_weights", .path, "A file of weights to start from, as model/ of another run holds it."),
    ] + isolation)

  public static let monitor = PipelineSection(
    "monitors[]", "A monitor: a map with 'plugin', or only its id.", pluginKind: .monitor,
    [
      OptionSpec(
        "plugin", .string, "The id of a monitor plugin, or the path of a library.", isRequired: true),
      component, name,
    ] + isolation)

  public static let expressionMonitor = PipelineSection(
    "monitors[]", "An expression over metrics, evaluated at the end of each epoch.",
    [
      OptionSpec("name", .metric, "The metric that it gives.", isRequired: true),
      OptionSpec(
        "expression", .string, "Such as val_loss - loss, or 'ema(val_loss, 0.9)' in quotes.", isRequired: true
      ),
      direction,
    ])

  public static let functionMonitor = PipelineSection(
    "monitors[]",
    "A C function of any library. A signature that is not the function's is undefined behaviour: try it with 'isolate'.",
    [
      OptionSpec(
        "name", .metric, "The metric that its result becomes; val_ before it in validation.", isRequired: true
      ),
      OptionSpec(
        "library", .string,
        "The library: a path with a '/', or a name such as libm.so.6 that the system finds.",
        isRequired: true),
      OptionSpec("symbol", .string, "The function's name.", isRequired: true),
      OptionSpec("returns", .string, "The type of the result, such as f64; void: none.", isRequired: true),
      OptionSpec(
        "args", .table, "Type and binding of each argument, as in {bind: prediction, as: \"*f32\"}.",
        default: "[]",
        isList: true),
      OptionSpec(
        "when", .choice,
        "epoch: once, with all rows of the pass; batch: for each batch, and the mean over rows.",
        default: "epoch", choices: FunctionConfig.When.allCases.map(\.rawValue)),
      OptionSpec(
        "pass", .choice, "Which passes it measures.", default: "both",
        choices: FunctionConfig.Passes.allCases.map(\.rawValue)),
      direction,
    ] + isolation)

  private static let direction = OptionSpec(
    "direction", .choice, "Which way the metric improves.", default: "none", choices: ["none", "min", "max"])

  public static let callback = PipelineSection(
    "callbacks[]", "A callback: a map with 'plugin', or only its id.", pluginKind: .callback,
    [
      OptionSpec(
        "plugin", .string, "The id of a callback plugin, or the path of a library.", isRequired: true),
      component, name,
      OptionSpec(
        "on_error", .choice, "What a failing hook does: ends the run, or only drops this callback.",
        default: "fail", choices: PluginConfig.OnError.allCases.map(\.rawValue)),
    ] + isolation)

  /// What a specification on a command line may say beside the options of its plugin.
  static let specification = PipelineSection("", "A plugin on a command line.", isolation)

  /// Of every plugin.
  static let isolation = [
    OptionSpec(
      "isolate", .string,
      "Runs it in a helper process: true, one of its own; a name, the one that all of that name share.",
      default: "false", choices: ["true", "false"]),
    OptionSpec(
      "on_crash", .choice,
      "What the death of its helper does: ends the run, drops the plugin, or brings it back as it was in a new"
        + " helper, for which the run of a model goes back to its last checkpoint. By default as 'on_error' says.",
      choices: IsolationSettings.CrashPolicy.allCases.map(\.rawValue)),
    OptionSpec(
      "deadline", .duration, "How long a call in a helper may take; create, four times as long.",
      range: "(0, )"),
    OptionSpec("network", .bool, "Whether its helper may use the network."),
    OptionSpec(
      "memory_limit", .int, "The most memory that its helper may have; half of the machine's by default.",
      range: "[16, )", unit: "MiB"),
  ]
}
