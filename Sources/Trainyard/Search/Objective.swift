import Training

/// The number that a search makes small or large: a metric of each trial.
public struct Objective: Sendable, Equatable {
  public var metric: String
  /// `.min` or `.max`.
  public var direction: Direction
  public var moment: SearchConfig.Moment

  public init(metric: String, direction: Direction, moment: SearchConfig.Moment = .best) {
    self.metric = metric
    self.direction = direction
    self.moment = moment
  }

  /// What a metric's values give up to so many epochs: the best of them, or the last. NaN where none is a number, `nil`
  /// where there is none at all.
  func value(of series: [(epoch: Int, value: Double)], through epochs: Int = .max) -> Double? {
    let values = series.filter { $0.epoch < epochs }.map(\.value)
    guard moment == .best else { return values.last }
    let numbers = values.filter { !$0.isNaN }
    let best = direction == .max ? numbers.max() : numbers.min()
    return values.isEmpty ? nil : best ?? .nan
  }

  func value(of result: FitResult, through epochs: Int = .max) -> Double? {
    value(of: series(of: result), through: epochs)
  }

  func series(of result: FitResult) -> [(epoch: Int, value: Double)] {
    result.epochs.compactMap { epoch in epoch[metric].map { (epoch.index, $0) } }
  }

  func improves(_ value: Double, over other: Double) -> Bool {
    direction == .max ? value > other : value < other
  }
}

extension Objective {
  /// The objective of a config, by the metrics that are known before training.
  init(_ config: SearchConfig, among metrics: [MetricListing]) throws(ConfigProblems) {
    let listed = metrics.filter { $0.source != nil }
    let found = listed.first { $0.name == config.metric }
    if let direction = config.direction ?? found?.direction, direction != .none {
      self.init(metric: config.metric, direction: direction, moment: config.moment)
      return
    }
    guard found == nil else {
      throw ConfigProblems([
        ConfigProblem(
          .missingKey, "the metric '\(config.metric)' does not say whether it should rise or fall",
          at: config.metricPosition, in: "search", help: "add direction: min or direction: max to 'search'")
      ])
    }
    let names = listed.map(\.name)
    throw ConfigProblems([
      ConfigProblem(
        .wrongValue, "no metric '\(config.metric.shownInMessages)' is known before training",
        at: config.metricPosition, in: "search",
        help: NearestName.help(for: config.metric, among: names, listed: "metrics")
          + "; for one that a callback publishes later, set 'direction'")
    ])
  }
}
