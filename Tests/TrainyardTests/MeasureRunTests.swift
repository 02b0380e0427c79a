import Glibc
import Support
import Testing

@testable import Trainyard

/// Runs on made data with monitors that are no plugins.
@Suite struct MeasureRunTests {
  /// A plan of 3 epochs over 100 rows of two moons, 20 of them for validation.
  func plan(
    _ monitors: String, callbacks: String = "[]", batchSize: Int = 16, more: String = "",
    baseFolder: String = "/"
  ) throws -> Plan {
    let text = """
      data: {train: {dataset: synthetic, rows: 100}, validation: {fraction: 0.2}}
      model: {plugin: mlp, hidden: [4]}
      train: {epochs: 3, batch_size: \(batchSize), seed: 7\(more)}
      callbacks: \(callbacks)
      monitors:
      \(monitors)
      """
    var plan = try Pipeline(ConfigReader.read(text: text, file: "p.yaml"), baseFolder: baseFolder).plan()
    plan.output.folder = nil
    return plan
  }

  func finished(_ plan: Plan) throws -> [Epoch] {
    let report = try plan.run()
    #expect(report.result.failure == nil, "\(report.result.reason)")
    return report.result.epochs
  }

  static let source = """
    #include <stddef.h>
    double brier(const float *p, const int *y, size_t n) {
      double s = 0;
      for (size_t i = 0; i < n; i++) s += ((double)p[i] - y[i]) * ((double)p[i] - y[i]);
      return s / (double)n;
    }
    double rows(size_t n) { return (double)n; }
    void moments(const double *p, size_t n, double *mean, double *largest) {
      double s = 0, m = p[0];
      for (size_t i = 0; i < n; i++) { s += p[i]; if (p[i] > m) m = p[i]; }
      *mean = s / (double)n; *largest = m;
    }
    double calls(double *state) { return ++*state; }
    double moment(long long epoch, long long step, double loss) { return 1000.0 * epoch + step + (loss > 0); }
    int wants_end(double value) { return value >= 2; }
    """

  func library(in folder: TemporaryFolder) throws -> String {
    try compileLibrary(
      [try folder.write("measures.c", Self.source)], as: "measures", in: folder,
      flags: ["-fvisibility=default"])
  }

  static let brierArgs = """
    args: [{bind: prediction, as: "*f32"}, {bind: target, as: "*i32"}, {bind: count, as: usize}]
    """

  // MARK: C functions

  @Test func `a C function of the whole pass is the same under any batch size of validation`() throws {
    let folder = try TemporaryFolder()
    let monitor = """
      - {name: brier, library: \(try library(in: folder)), symbol: brier, returns: f64, \(Self.brierArgs)}
      """
    let whole = try finished(try plan(monitor, more: ", validation_batch_size: 20"))
    let parts = try finished(try plan(monitor, more: ", validation_batch_size: 3"))
    #expect(whole.count == 3)
    for (one, other) in zip(whole, parts) {
      let value = try #require(one["val_brier"])
      // The network's products may round differently for another shape.
      let same = try #require(other["val_brier"])
      #expect(abs(value - same) < 1e-6)
      let training = try #require(one["brier"])
      #expect((0..<1).contains(training))
    }
  }

  @Test func `what a C function gives is what Swift makes of the same rows`() throws {
    let folder = try TemporaryFolder()
    let library = try library(in: folder)
    var plan = try plan(
      """
      - {name: brier, library: \(library), symbol: brier, returns: f64, \(Self.brierArgs)}
      - {name: mean-brier, library: \(library), symbol: brier, returns: f64, when: batch, \(Self.brierArgs)}
      """)
    plan.add(
      ClosureMonitor("swift") { batch, prediction in
        guard let target = batch.target else { return .nan }
        return (0..<batch.rows).reduce(0) { sum, row in
          let distance = prediction.value(at: row) - target.value(at: row)
          return sum + distance * distance
        } / Double(batch.rows)
      })
    for epoch in try finished(plan) {
      for prefix in ["", "val_"] {
        let expected = try #require(epoch[prefix + "swift"])
        for name in ["brier", "mean-brier"] {
          let value = try #require(epoch[prefix + name])
          #expect(abs(value - expected) < 1e-12, "\(prefix)\(name)")
        }
      }
    }
  }

  @Test func `when and pass say how often a function is called, and in which passes`() throws {
    let folder = try TemporaryFolder()
    let library = try library(in: folder)
    let epochs = try finished(
      try plan(
        """
        - {name: all, library: \(library), symbol: rows, returns: f64, args: [{bind: count, as: usize}]}
        - {name: mean, library: \(library), symbol: rows, returns: f64, when: batch, pass: train,
           args: [{bind: count, as: usize}]}
        - {name: held, library: \(library), symbol: rows, returns: f64, pass: validation,
           args: [{bind: count, as: usize}]}
        """, batchSize: 32))
    for epoch in epochs {
      #expect(epoch["all"] == 80 && epoch["val_all"] == 20)
      // Batches of 32, 32 and 16 rows, each weighing its rows.
      let mean: Double = 2304 / 80
      #expect(epoch["mean"] == mean && epoch["val_mean"] == nil)
      #expect(epoch["held"] == nil && epoch["val_held"] == 20)
    }
  }

  @Test func `out-parameters become metrics, with a prefix of their pass`() throws {
    let folder = try TemporaryFolder()
    let epochs = try finished(
      try plan(
        """
        - {name: moments, library: \(try library(in: folder)), symbol: moments, returns: void,
           args: [{bind: prediction, as: "*const f64"}, {bind: count, as: usize},
                  {out: mean-p, as: "*f64"}, {out: largest-p, as: "*f64", direction: max}]}
        """))
    for epoch in epochs {
      for prefix in ["", "val_"] {
        let mean = try #require(epoch[prefix + "mean-p"])
        let largest = try #require(epoch[prefix + "largest-p"])
        #expect(mean > 0 && mean <= largest && largest <= 1 && epoch[prefix + "moments"] == nil)
      }
    }
  }

  @Test func `a function of the epoch alone is called once, and told where the run is`() throws {
    let folder = try TemporaryFolder()
    let epochs = try finished(
      try plan(
        """
        - {name: place, library: \(try library(in: folder)), symbol: moment, returns: f64,
           args: [{bind: epoch, as: i64}, {bind: step, as: i64}, {bind: twice, as: f64}]}
        - {name: twice, expression: 2 * val_loss}
        """))
    #expect(epochs.map { $0["place"] } == [6, 1011, 2016], "5 batches in each epoch")
    #expect(epochs.allSatisfy { $0["val_place"] == nil })
  }

  @Test func `a context is zero at the start of every run`() throws {
    let folder = try TemporaryFolder()
    let plan = try plan(
      """
      - {name: calls, library: \(try library(in: folder)), symbol: calls, returns: f64, args: [{context: 8, as: "*f64"}]}
      """)
    let series = try plan.withSession { session in
      try (0..<2).map { _ in try session.fit().result.series("calls") }
    }
    #expect(series == [[1, 2, 3], [1, 2, 3]])
  }

  @Test func `a target that does not fit is refused before anything is trained`() throws {
    let folder = try TemporaryFolder()
    var plan = try plan(
      """
      - {name: brier, library: \(try library(in: folder)), symbol: brier, returns: f64,
         args: [{bind: prediction, as: "*f32"}, {bind: target, as: "*i32"}, {bind: count, as: usize}]}
      """)
    plan.data.task = .regression
    let result = try plan.run().result
    #expect(result.outcome == .failed && result.steps == 0)
    #expect(
      result.reason.contains("'target' holds f32 here, and cannot be passed as '*i32'"), "\(result.reason)")
  }

  @Test(arguments: [("step", "u8", 52, 260), ("epoch", "i8", 129, 128)])
  func `a number that outgrows its type is refused before anything is trained`(
    quantity: String, type: String, epochs: Int, largest: Int
  ) throws {
    let folder = try TemporaryFolder()
    var plan = try plan(
      """
      - {name: rows, library: \(try library(in: folder)), symbol: rows, returns: f64,
         args: [{bind: \(quantity), as: \(type)}, {bind: count, as: usize}]}
      """)
    plan.training.epochs = epochs
    let result = try plan.run().result
    #expect(result.outcome == .failed && result.steps == 0)
    #expect(
      result.reason.contains("'\(quantity)' may become \(largest), which '\(type)'"), "\(result.reason)")
  }

  @Test func `all that cannot be opened is told before training starts`() throws {
    let folder = try TemporaryFolder()
    let library = try library(in: folder)
    let problems = try #require(throws: ConfigProblems.self) {
      try plan(
        """
        - {name: a, library: \(library), symbol: nothing, returns: f64}
        - {name: b, library: ./gone.so, symbol: f, returns: f64}
        - {name: c, library: libgone.so.9, symbol: f, returns: f64}
        """, baseFolder: folder.path)
    }.problems
    #expect(problems.map(\.place) == ["monitors[0]", "monitors[1]", "monitors[2]"])
    for (problem, words) in zip(problems, ["no function 'nothing'", "gone.so", "libgone.so.9"]) {
      #expect(problem.message.contains(words), "\(problem)")
    }
  }

  @Test(.enabled(if: Self.hasGSL, "libgsl.so.27 is not installed"))
  func `a function of GSL over prediction and target needs no C`() throws {
    let epochs = try finished(
      try plan(
        """
        - {name: correlation, library: libgsl.so.27, symbol: gsl_stats_correlation, returns: f64, direction: max,
           args: [{bind: prediction, as: "*const f64"}, {bind: 1, as: usize},
                  {bind: target, as: "*const f64"}, {bind: 1, as: usize}, {bind: count, as: usize}]}
        """, callbacks: "[{plugin: early-stopping, monitor: val_correlation}]"))
    for epoch in epochs {
      let correlation = try #require(epoch["val_correlation"])
      #expect((-1...1).contains(correlation))
    }
  }

  static var hasGSL: Bool { dlopen("libgsl.so.27", RTLD_NOW | RTLD_LOCAL) != nil }

  // MARK: Expressions

  @Test func `an expression is a metric that callbacks watch`() throws {
    let plan = try plan(
      """
      - {name: falling, expression: "-count", direction: max}
      - {name: count, expression: "previous(one, 0) + ema(one, 0.5) + best(one, max)"}
      - {name: one, expression: loss / loss}
      """,
      callbacks: "[{plugin: early-stopping, monitor: falling, patience: 1}]")
    let report = try plan.run()
    #expect(report.result.series("count") == [2, 3])
    #expect(report.result.stoppedBy == "early-stopping")
    #expect(report.directions["falling"] == .max)
  }

  @Test func `expressions begin anew with each run`() throws {
    let plan = try plan("- {name: e, expression: \"ema(loss, 0.5) + best(val_loss) + previous(loss, 0)\"}")
    let series = try plan.withSession { session in
      try (0..<2).map { _ in try session.fit().result.series("e") }
    }
    #expect(series[0].count == 3 && series[0] == series[1])
  }

  @Test func `what is absent in an epoch makes what is made of it absent`() throws {
    let plan = try plan("- {name: gap, expression: val_loss - loss}", more: ", validation_every: 2")
    let epochs = try finished(plan)
    #expect(epochs.map { $0["gap"] != nil } == [false, true, false])
  }

  static let unknown: [(monitors: String, message: String, help: String)] = [
    (
      "- {name: gap, expression: val_los - loss}", "monitor 'gap' (p.yaml:6:27) watches 'val_los'",
      "'val_loss'?"
    ),
    (
      "- {name: d, library: libm.so.6, symbol: hypot, returns: f64, args: [{bind: los, as: f64}, {bind: 1.0, as: f64}]}",
      "monitor 'd' (p.yaml:6:3, monitors[0]) watches 'los'", "'loss'?"
    ),
  ]

  @Test(arguments: unknown)
  func `what an expression cannot know is told before training`(
    monitors: String, message: String, help: String
  ) throws {
    let result = try plan(monitors).run().result
    #expect(result.outcome == .failed && result.steps == 0 && result.epochs.isEmpty)
    #expect(result.reason.contains(message), "\(result.reason)")
    #expect(result.failure?.help?.contains(help) == true, "\(String(describing: result.failure?.help))")
  }

  @Test func `best without a direction is told in planning, at its place`() throws {
    let problems = try #require(throws: ConfigProblems.self) {
      try plan("- {name: b, expression: 1 + best(x)}\n- {name: x, expression: loss}")
    }.problems
    #expect(problems.count == 1 && problems[0].message.contains("best(x) cannot tell"), "\(problems)")
    #expect(problems.first?.position?.description == "p.yaml:6:34", "\(problems)")
    _ = try plan("- {name: b, expression: best(x)}\n- {name: x, expression: loss, direction: min}")
  }

  @Test func `a library that others can write is not called`() throws {
    let folder = try TemporaryFolder()
    let library = try library(in: folder)
    #expect(chmod(library, 0o777) == 0)
    let plan = try plan("  []", callbacks: "[{plugin: call, library: \(library), symbol: nothing}]")
    let error = try #require(throws: (any Error).self) { try plan.run() }
    #expect("\(error)".contains("can be written by everyone"), "\(error)")
  }

  @Test func `the call callback finds a path beside the pipeline, and never takes the system's instead`()
    throws
  {
    let folder = try TemporaryFolder()
    let name = try #require(try library(in: folder).split(separator: "/").last)
    let plan = try plan(
      "  []",
      callbacks:
        "[{plugin: call, library: ./\(name), symbol: calls, returns: f64, result: n, args: [{context: 8, as: \"*f64\"}]}]",
      baseFolder: folder.path)
    #expect(try plan.run().result.series("n") == [1, 2, 3])
  }

  // MARK: Closures

  @Test func `a closure with a value of its own is new in every pass`() throws {
    var plan = try plan("  []")
    plan.add(
      ClosureMonitor(
        "rows", direction: .max, initial: 0,
        update: {
          $0 += $1.rows; _ = $2
        },
        compute: { $0 == 0 ? nil : Double($0) }))
    for epoch in try finished(plan) { #expect(epoch["rows"] == 80 && epoch["val_rows"] == 20) }
  }

  @Test func `a closure that throws ends the run with its name`() throws {
    struct Broken: Error, CustomStringConvertible { let description = "out of order" }
    var plan = try plan("  []")
    plan.add(ClosureMonitor("broken") { _, _ in throw Broken() })
    let result = try plan.run().result
    #expect(result.outcome == .failed)
    #expect(result.reason.hasPrefix("monitor 'broken' failed in update"), "\(result.reason)")
    #expect(result.reason.hasSuffix(": out of order"), "\(result.reason)")
  }

  // MARK: The call callback

  @Test func `the call callback is given metrics, gives metrics and stops the run`() throws {
    let folder = try TemporaryFolder()
    let library = try library(in: folder)
    let plan = try plan(
      "- {name: one, expression: loss / loss}",
      callbacks: """
        [{plugin: call, name: counter, library: \(library), symbol: calls, returns: f64, result: counted,
          hooks: [on_epoch_begin], args: [{context: 8, as: "*f64"}]},
         {plugin: call, name: stopper, library: \(library), symbol: wants_end, returns: i32, stop: true,
          args: [{bind: counted, as: f64}]}]
        """)
    try plan.withSession { session in
      for _ in 0..<2 {
        let result = try session.fit().result
        #expect(result.series("counted") == [1, 2], "\(result.reason)")
        #expect(result.stoppedBy == "stopper" && result.reason == "wants_end returned 1.0")
      }
    }
  }

  @Test func `the call callback refuses rows, and functions that are not there`() throws {
    for (options, words) in [
      (
        "library: libm.so.6, symbol: fabs, args: [{bind: target, as: \"*f32\"}]",
        "args[0]: 'target' is not there in a callback"
      ),
      ("library: libm.so.6, symbol: fasb", "no function 'fasb'"),
      ("library: libm.so.6, symbol: fabs, result: x", "the function returns 'void'"),
      ("library: ./gone.so, symbol: f", "cannot open the library"),
      ("library: ./libm.so.6, symbol: fabs", "cannot open the library"),
      ("library: /nowhere/libm.so.6, symbol: fabs", "cannot open the library '/nowhere/libm.so.6'"),
    ] {
      let plan = try plan("  []", callbacks: "[{plugin: call, \(options)}]")
      let error = try #require(throws: (any Error).self) { try plan.run() }
      #expect("\(error)".contains(words), "\(error)")
    }
  }

  // MARK: The listing

  @Test func `a plan lists the metrics that it will have, and where each comes from`() throws {
    let plan = try plan(
      """
      - accuracy
      - {name: gap, expression: val_loss - loss}
      """, callbacks: "[{plugin: early-stopping, monitor: val_acuracy}]")
    let metrics = try plan.metrics()
    let sources = Dictionary(uniqueKeysWithValues: metrics.map { ($0.name, $0.source) })
    #expect(
      sources == [
        "accuracy": "monitor 'accuracy'", "val_accuracy": "monitor 'accuracy'", "gap": "monitor 'gap'",
        "loss": "the loop", "val_loss": "the loop", "val_acuracy": nil,
      ])
    #expect(metrics.first { $0.name == "val_acuracy" }?.readers == ["callback 'early-stopping'"])
    #expect(metrics.first { $0.name == "loss" }?.readers == ["monitor 'gap' (p.yaml:7:38)"])
  }
}
