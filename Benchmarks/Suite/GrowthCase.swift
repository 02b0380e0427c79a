import Baselines
import Glibc
import Trainyard

/// How a cost grows: points of a curve, and the exponent of the power law that fits them best.
struct Curve {
  let name: String
  let axis: String
  let points: [(size: Double, seconds: Double)]

  /// The slope of the straight line through the logarithms, by least squares.
  var exponent: Double {
    let x = points.map { log($0.size) }
    let y = points.map { log($0.seconds) }
    let (meanX, meanY) = (x.reduce(0, +) / Double(x.count), y.reduce(0, +) / Double(y.count))
    let products = zip(x, y).reduce(0.0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) }
    return products / x.reduce(0.0) { $0 + ($1 - meanX) * ($1 - meanX) }
  }

  var figure: Figure {
    Figure(name, exponent, parts: points.map { ("\(Number.short($0.size)) \(axis), s", $0.seconds) })
  }
}

extension Bench {
  func growth() throws -> [Figure] {
    try [rowsCurve(), widthCurve(), callbacksCurve(), pluginsCurve(), trialsCurve()].map(\.figure)
  }

  private func curve(
    _ name: String, _ axis: String, _ sizes: [Int], _ run: @escaping (Int) throws -> Double
  ) throws -> Curve {
    let values = try Rounds.alternate(max(1, rounds / 2), sizes.map { size in { try run(size) } })
    return Curve(
      name: name, axis: axis,
      points: zip(sizes, values).map { (Double($0), max(Rounds.median($1), 1e-9)) })
  }

  private func rowsCurve() throws -> Curve {
    try curve("growth-rows", "rows", isSmoke ? [64, 640] : [1000, 10_000, 100_000, 1_000_000]) { rows in
      let plan = try self.plan(
        """
        data: {train: {dataset: synthetic, shape: linear, features: 4, rows: \(rows)}}
        model: {plugin: mlp, hidden: [8], optimizer: sgd}
        train: {epochs: 3, batch_size: 32}
        """)
      return Rounds.median(try Bench.epochs(plan.run()))
    }
  }

  private func widthCurve() throws -> Curve {
    try curve("growth-width", "units", isSmoke ? [8, 80] : [10, 100, 1000, 10_000]) { width in
      let plan = try self.plan(
        """
        data: {train: {dataset: synthetic, shape: linear, features: 64, rows: 2048}}
        model: {plugin: mlp, hidden: [\(width)], optimizer: sgd, learning_rate: 0.0001}
        train: {epochs: 3, batch_size: 128}
        """)
      return Rounds.median(try Bench.epochs(plan.run()))
    }
  }

  private func callbacksCurve() throws -> Curve {
    let noop = try plugin("bench-noop")
    let batches = size(10_000, smoke: 50)
    let none = try plan(tiny(batches: batches, epochs: 3))
    return try curve("growth-callbacks", "callbacks", isSmoke ? [1, 10] : [10, 100, 1000]) { count in
      let plan = try self.plan(self.tiny(batches: batches, epochs: 3, callbacks: self.callbacks(noop, count)))
      let with = Rounds.median(try Bench.epochs(plan.run()))
      return (with - Rounds.median(try Bench.epochs(none.run()))) / Double(batches)
    }
  }

  private func pluginsCurve() throws -> Curve {
    let sizes = isSmoke ? [2, 4] : [10, 100, 1000]
    let copies = try copies(sizes.last ?? 1)
    return try curve("growth-plugins", "plugins", sizes) { try self.child("load", copies, $0) }
  }

  private func trialsCurve() throws -> Curve {
    try curve("growth-trials", "trials", isSmoke ? [2, 4] : [10, 100, 1000]) { trials in
      var search = try Search(
        self.pipeline(
          """
          data: {train: {dataset: synthetic, shape: moons, rows: 200}, validation: {fraction: 0.2}}
          model: {plugin: mlp, hidden: [8]}
          train: {epochs: 2, batch_size: 32}
          search:
            strategy: random
            trials: \(trials)
            parameters: {model.learning_rate: {log_uniform: [0.001, 0.1]}}
          output: {folder: \(self.folder("runs")), store: false}
          """))
      search.workers = 1
      let start = baseline_now()
      _ = try search.run()
      return baseline_now() - start
    }
  }
}
