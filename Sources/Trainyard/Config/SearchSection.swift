// The keys of `search`.

extension PipelineSection {
  public static let search = PipelineSection(
    "search",
    "What `trainyard search` tries out, and how. The same file and seed give the same trials, with any number of workers.",
    [
      OptionSpec(
        "parameters", .table,
        "What is varied: the path of an option, as model.learning_rate or callbacks.early-stopping.patience, with a list of values or one of {choice: […]}, {uniform: [low, high]}, {log_uniform: [low, high]}, {int: [low, high]}; with step, log and when.",
        isRequired: true),
      OptionSpec(
        "strategy", .choice, "How values are chosen.", default: "tpe", choices: ["grid", "random", "tpe"]),
      OptionSpec("metric", .metric, "The objective: any metric of the run.", default: "val_loss"),
      OptionSpec(
        "direction", .choice, "Which way the objective improves; the metric's own where it is not given.",
        choices: ["min", "max"]),
      OptionSpec(
        "at", .choice, "The epoch whose value is the trial's: the best one, or the last.", default: "best",
        choices: SearchConfig.Moment.allCases.map(\.rawValue)),
      OptionSpec(
        "trials", .int, "Ends the search after so many; 20 where it is not given, and all of a grid.",
        range: "[1, )", unit: "trials"),
      OptionSpec(
        "time_limit", .duration, "Begins no trial after so long; what is searched then depends on time.",
        range: "(0, )"),
      OptionSpec(
        "seed", .int, "Where proposals come from; train.seed where it is not given.", range: "[0, )"),
      OptionSpec(
        "lag", .int,
        "Trial n is proposed and halved by the trials up to n - lag, and so at most so many run at once.",
        default: "8", range: "[1, 10000]", unit: "trials"),
      OptionSpec(
        "asynchronous", .bool,
        "Goes by whatever has ended instead: never waits, and results depend on timing.", default: "false"),
      OptionSpec(
        "workers", .int,
        "Fits side by side, each with threads of its own; cores / train.threads where it is not given.",
        range: "[1, 1024]"),
      OptionSpec("halving", .table, "Ends trials early that are not among the best at a rung."),
      OptionSpec("tpe", .table, "Settings of the strategy tpe."),
      OptionSpec(
        "name", .string,
        "What the search is called in the store, and its folder; made from the config where it is not given."),
    ])

  public static let halving = PipelineSection(
    "search.halving",
    "Successive halving (ASHA): at each rung, a trial goes on if it is among the best 1/reduction_factor.",
    [
      OptionSpec(
        "min_epochs", .int,
        "The first rung; the others are reduction_factor times as far each. 1 where it is not given.",
        range: "[1, )", unit: "epochs"),
      OptionSpec(
        "min_folds", .int,
        "The first rung with cross-validation, where a rung is a number of folds; 1 where it is not given.",
        range: "[1, )", unit: "folds"),
      OptionSpec(
        "reduction_factor", .int, "One in so many goes on beyond a rung.", default: "4", range: "[2, 1000]"),
    ])

  public static let tpe = PipelineSection(
    "search.tpe", "The tree-structured Parzen estimator.",
    [
      OptionSpec(
        "startup_trials", .int, "Trials that must be known before the first estimate; random until then.",
        default: "10", range: "[1, )", unit: "trials"),
      OptionSpec(
        "candidates", .int, "Draws of which the most promising is taken.", default: "24",
        range: "[1, 100000]"),
      OptionSpec(
        "gamma", .float, "The part of the trials that counts as good; 25 trials at most.", default: "0.1",
        range: "(0, 1)"),
      OptionSpec(
        "prior_weight", .float, "What the even belief before all trials counts, as against 1 for a trial.",
        default: "1.0", range: "(0, )"),
    ])
}
