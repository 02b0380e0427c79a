import Trainyard

/// The metrics of a fit, put together: last and best of each.
struct MetricFigures {
  struct Figure {
    var name: String
    var last: Double
    var best: (value: Double, epoch: Int)?
  }

  let figures: [Figure]

  init(_ study: Study, _ fit: FitRecord, _ directions: [String: StudyDirection]) throws {
    var all: [Figure] = []
    var places: [String: Int] = [:]
    for metric in try study.metrics(of: fit) {
      let place = places[metric.name] ?? all.count
      if place == all.count { all.append(Figure(name: metric.name, last: metric.value)) }
      places[metric.name] = place
      all[place].last = metric.value
      guard let direction = directions[metric.name], !metric.value.isNaN else { continue }
      let improves = all[place].best.map {
        direction == .max ? metric.value > $0.value : metric.value < $0.value
      }
      if improves ?? true { all[place].best = (metric.value, metric.epoch) }
    }
    figures = RunSummaryText.inReadingOrder(all.map { ($0.name, 0) }).compactMap { named in
      places[named.name].map { all[$0] }
    }
  }

  /// Best by its direction; the last one of a metric that has none.
  subscript(name: String) -> Double? {
    figures.first { $0.name == name }.map { $0.best?.value ?? $0.last }
  }
}

extension Study {
  /// What a trial gave for a metric: the mean over its fits of the best each of them had.
  func figure(_ metric: String, of trial: TrialRecord, _ directions: [String: StudyDirection]) throws
    -> Double?
  {
    if metric == record.objective, let value = trial.value { return value }
    let direction = directions[metric]
    let values = try fits(of: trial).compactMap { fit -> Double? in
      let series = try series(metric, of: fit).map(\.value)
      let numbers = series.filter { !$0.isNaN }
      switch direction {
      case .min: return numbers.min() ?? series.last
      case .max: return numbers.max() ?? series.last
      case nil: return series.last
      }
    }
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
}
