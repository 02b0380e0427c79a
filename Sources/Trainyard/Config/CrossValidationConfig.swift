import Training

/// The section `cross_validation` of a pipeline file.
public struct CrossValidationConfig: Sendable {
  /// Its seed is that of training, unless the section gives one.
  public var folds: FoldSettings
  /// Fits side by side; `nil`: as many as the cores carry.
  public var workers: Int?
}

extension PipelineSection {
  public static let crossValidation = PipelineSection(
    "cross_validation",
    "How `trainyard cross-validate` divides data.train: one fit for each fold, validated on the rows held out.",
    [
      OptionSpec(
        "strategy", .choice,
        "k-fold: each row is held out once. time-series: each fold trains on what came before its rows. leave-one-out: a fold for each row, or for each group.",
        default: "k-fold", choices: FoldSettings.Strategy.allCases.map(\.rawValue)),
      OptionSpec("folds", .int, "Parts that the rows are divided into.", default: "5", range: "[2, )"),
      OptionSpec(
        "stratify", .bool, "Keeps the classes' shares the same in all folds.", default: "false"),
      OptionSpec(
        "group", .string,
        "A field whose equal values keep rows together, or true for the dataset's group field."),
      OptionSpec(
        "repeats", .int, "Divides the rows so many times, each in another order.", default: "1",
        range: "[1, 100000]"),
      OptionSpec(
        "shuffle", .bool, "Divides the rows in a random order; else in their own. A time series never is.",
        default: "true"),
      OptionSpec(
        "seed", .int, "Where that order comes from; train.seed where it is not given.", range: "[0, )"),
      OptionSpec(
        "gap", .int, "Rows left out before those held out; for a time series.", default: "0", range: "[0, )",
        unit: "rows"),
      OptionSpec(
        "test_size", .int,
        "Rows held out in each fold of a time series; as many as fit where it is not given.",
        range: "[1, )", unit: "rows"),
      OptionSpec(
        "max_train_size", .int, "The last rows that a fold of a time series trains on at most.",
        range: "[1, )", unit: "rows"),
      OptionSpec(
        "workers", .int,
        "Fits side by side, each with threads of its own; cores / train.threads where it is not given.",
        range: "[1, 1024]"),
    ])
}

extension PipelineReader {
  /// - Parameter seed: Of training.
  mutating func crossValidation(_ node: ConfigNode?, seed: UInt64) -> CrossValidationConfig? {
    guard let node, !node.isNull else { return nil }
    let place = "cross_validation"
    // `group: true` is no field's name.
    let isByRole = node["group"]?.isPlainBool
    let texts = isByRole == nil ? node : node.removing(["group"])
    let values = values(of: .crossValidation, texts, owner: "'\(place)'", place: place)
    var folds = FoldSettings()
    folds.strategy = FoldSettings.Strategy(rawValue: values.text("strategy")) ?? .kFold
    folds.folds = values.int("folds")
    folds.stratify = values.bool("stratify")
    folds.group = isByRole.map { $0 ? .byRole : nil } ?? values.optionalText("group").map { .field($0) }
    folds.repeats = values.int("repeats")
    folds.shuffle = values.bool("shuffle")
    folds.seed = values.optionalInt("seed").map { UInt64(clamping: $0) } ?? seed
    folds.gap = values.int("gap")
    folds.testSize = values.optionalInt("test_size")
    folds.maxTrainSize = values.optionalInt("max_train_size")
    checkTogether(folds, node)
    return CrossValidationConfig(folds: folds, workers: values.optionalInt("workers"))
  }

  /// Keys that say nothing with the strategy are refused rather than passed over.
  private mutating func checkTogether(_ folds: FoldSettings, _ node: ConfigNode) {
    let strategy = folds.strategy
    func conflict(_ key: String, _ isGiven: Bool, _ goesWith: String, help: String) {
      guard isGiven else { return }
      problems.append(
        ConfigProblem(
          .conflict, "'\(key)' goes with \(goesWith), and the strategy is \(strategy.rawValue)",
          at: node[key]?.position ?? node.position, in: "cross_validation", help: help))
    }
    if strategy != .timeSeries {
      for key in ["gap", "test_size", "max_train_size"] {
        let isGiven = key == "gap" ? folds.gap > 0 : node[key].map { !$0.isNull } ?? false
        conflict(key, isGiven, "a time series", help: "leave it out, or set strategy: time-series")
      }
    }
    if strategy != .kFold {
      conflict("stratify", folds.stratify, "k-fold", help: "leave it out")
      conflict("repeats", folds.repeats > 1, "k-fold", help: "leave it out: the folds would all be the same")
    }
    if strategy == .timeSeries {
      conflict("group", folds.group != nil, "k-fold and leave-one-out", help: "leave it out")
    }
    if strategy == .kFold, folds.repeats > 1, !folds.shuffle {
      problems.append(
        ConfigProblem(
          .conflict, "'repeats' is \(folds.repeats) and 'shuffle' is false: the folds would all be the same",
          at: node["repeats"]?.position ?? node.position, in: "cross_validation",
          help: "set shuffle: true, or leave 'repeats' out"))
    }
  }
}

extension ConfigNode {
  /// `true` or `false`, without quotes.
  fileprivate var isPlainBool: Bool? {
    if !isQuoted, case .bool(let value) = value { value } else { nil }
  }
}

extension CrossValidationConfig {
  var node: ConfigNode {
    var entries: [(String, ConfigNode?)] = [
      ("strategy", ConfigNode(.string(folds.strategy.rawValue))),
      ("folds", ConfigNode(.int(Int64(folds.folds)))), ("stratify", ConfigNode(.bool(folds.stratify))),
      ("repeats", ConfigNode(.int(Int64(folds.repeats)))), ("shuffle", ConfigNode(.bool(folds.shuffle))),
      ("seed", ConfigNode(.int(Int64(clamping: folds.seed)))), ("gap", ConfigNode(.int(Int64(folds.gap)))),
      ("test_size", folds.testSize.map { ConfigNode(.int(Int64($0))) }),
      ("max_train_size", folds.maxTrainSize.map { ConfigNode(.int(Int64($0))) }),
      ("workers", workers.map { ConfigNode(.int(Int64($0))) }),
    ]
    switch folds.group {
    case .byRole: entries.append(("group", true))
    case .field(let name): entries.append(("group", ConfigNode(.string(name), isQuoted: true)))
    case nil: break
    }
    return ConfigNode(
      .map(entries.compactMap { key, value in value.map { ConfigNode.Entry(key: key, value: $0) } }))
  }
}
