import PluginHost
import Support
import Testing

@testable import Trainyard

/// Isolated plugins give bit for bit what they give in the host's process.
@Suite struct IsolationTests {
  static let callbacks = [
    "{plugin: early-stopping, patience: 1, min_delta: 0.05, restore_best_weights: true}",
    "{plugin: csv-logger}", "{plugin: model-checkpoint, save_best_only: true}", "{plugin: progress}",
    "{plugin: reduce-lr-on-plateau, patience: 1, min_delta: 0.05}",
    "{plugin: learning-rate-scheduler, schedule: exponential, parameters: {initial: 0.05, k: 0.5}}",
    "{plugin: terminate-on-nan}",
    "{plugin: gradient-accumulation-scheduler, scheduling: {0: 2, 1: 1}}", "{plugin: learning-rate-monitor}",
    "{plugin: timer, duration: 1h}", "{plugin: spike-detection}", "{plugin: on-exception-checkpoint}",
    "{plugin: ema-weights}", "{plugin: stochastic-weight-averaging, swa_lrs: 0.05, swa_epoch_start: 1}",
    "{plugin: json-lines-logger}", "{plugin: model-summary}",
  ]

  @Test(arguments: callbacks)
  func `a built-in callback does the same in a helper`(callback: String) throws {
    var moons = try Moons()
    moons.epochs = 4
    moons.callbacks = "[\(callback)]"
    let here = try moons.plan.run()
    moons.extra = "isolation: all"
    moons.callbacks = "[\(callback)]"
    let there = try moons.plan.run()
    #expect(there.incidents.isEmpty)
    #expect(try Learned(here) == Learned(there))
    let (files, others) = (try here.files(), try there.files())
    #expect(files.keys.sorted() == others.keys.sorted())
    // Times of day are in these, and the key `isolation`.
    for (name, bytes) in files where name != "./config.json" && name != "./events.jsonl" {
      #expect(others[name] == bytes || callback.contains("progress"), "\(name)")
    }
  }

  @Test func `every built-in monitor measures the same in a helper`() throws {
    var moons = try Moons()
    moons.extra = ""
    let ids = [
      "accuracy", "precision", "recall", "f1", "roc-auc", "pr-auc", "log-loss", "brier", "calibration-error",
      "matthews-correlation", "cohen-kappa", "confusion-matrix",
    ]
    func report(_ isolate: String) throws -> RunReport {
      var text = try moons.plan.resolved.node
      text = text.setting(
        "monitors",
        to: ConfigNode(
          .list(
            try ids.map {
              try ConfigReader.read(text: "{plugin: \($0), isolate: \(isolate)}", file: "monitor")
            })))
      return try Pipeline(text, baseFolder: moons.folder.path).plan().run()
    }
    let (here, there) = (try report("false"), try report("true"))
    #expect(try Learned(here) == Learned(there))
    #expect(
      here.result.history.mapValues { $0.map(\.bitPattern) }
        == there.result.history.mapValues { $0.map(\.bitPattern) })
    #expect(there.result.metricNames.count > 2 * ids.count)
  }

  @Test func `all plugins of a run can be isolated`() throws {
    var moons = try Moons()
    let here = try moons.plan.run()
    moons.extra = "isolation: all"
    let plan = try moons.plan
    #expect(plan.model.component.isElsewhere && plan.data.training.component.isElsewhere)
    #expect(try Learned(here) == Learned(try plan.run()))
  }

  /// Weights of 3 MB: more than the memory that is there for them at first.
  @Test func `large weights are read, averaged, put back and kept the same in a helper`() throws {
    var moons = try Moons()
    moons.extra = ""
    moons.epochs = 3
    moons.callbacks = """
      [{plugin: ema-weights, swap: validation},
       {plugin: early-stopping, monitor: loss, patience: 0, min_delta: 10, restore_best_weights: true},
       {plugin: model-checkpoint, save_best_only: true}]
      """
    func report(_ isolation: String) throws -> RunReport {
      let node = try moons.plan.resolved.node
        .setting(path: ["model", "hidden"], to: try ConfigReader.read(text: "[700, 1100]", file: "model"))
        .setting("isolation", to: ConfigNode(.string(isolation)))
        .setting("checkpoints", to: try ConfigReader.read(text: "{every_steps: 5}", file: "checkpoints"))
      return try Pipeline(node, baseFolder: moons.folder.path).plan().run()
    }
    let (here, there) = (try report("none"), try report("all"))
    #expect(there.incidents.isEmpty && there.warnings == here.warnings)
    let (learned, expected) = (try Learned(there), try Learned(here))
    #expect(expected.weights.count > 3_000_000)
    #expect(learned.weights == expected.weights && learned.metrics == expected.metrics)
    #expect(learned.outcome == expected.outcome && learned.steps == expected.steps)
    #expect(try here.files().keys.sorted() == there.files().keys.sorted())
  }

  @Test func `a library that speaks in the helper's place is told of, and others are not taken for it`()
    throws
  {
    let folder = try TemporaryFolder()
    // They are opened in the order of their names.
    let speaking = try compileLibrary(
      [componentsFolder + "/../../TrainyardTests/Isolation/Fixtures/faults.c"], as: "a-speaker", in: folder,
      flags: ["-DANSWERS_WHEN_OPENED"])
    _ = try FaultyTraining.build([], in: folder)
    let (entries, problems) = try Catalog(folders: [folder.path]).entries()
    #expect(
      problems.map(\.message) == [
        "cannot load plugin '\(speaking)': its process broke the protocol (an answer to no question) and was killed while it was being opened"
      ])
    #expect(entries.contains { $0.id == "faulty-mean" && $0.library.hasSuffix("libfaults.so") })
    #expect(entries.contains { $0.id == "early-stopping" })
  }

  static let conflicts: [(callbacks: String, extra: String, said: String)] = [
    ("[{plugin: csv-logger, on_crash: drop}]", "", "'on_crash' is about a helper process"),
    (
      "[{plugin: csv-logger, isolate: false, deadline: 3s}]", "isolation: all", "'deadline' is about a helper"
    ),
    (
      "[{plugin: csv-logger, isolate: g}, {plugin: timer, duration: 1h, isolate: g, network: true}]", "",
      "the plugins of the helper 'g' differ in 'network' or 'memory_limit'"
    ),
    ("[{plugin: csv-logger, isolate: a/b}]", "", "'a/b' cannot be a name"),
  ]

  @Test(arguments: conflicts)
  func `keys that do not go together are told`(callbacks: String, extra: String, said: String) throws {
    var moons = try Moons()
    moons.callbacks = callbacks
    moons.extra = extra
    #expect { _ = try moons.plan } throws: { error in
      (error as? ConfigProblems)?.problems.contains { $0.message.hasPrefix(said) } ?? false
    }
  }

  @Test func `a library that crashes when it is opened is told of, and ends nothing`() throws {
    let folder = try TemporaryFolder()
    let library = try FaultyTraining.build(["-DCRASHES_WHEN_OPENED"], in: folder)
    let catalog = try Catalog(folders: [folder.path])
    let (entries, problems) = catalog.entries()
    #expect(entries.contains { $0.id == "early-stopping" })
    #expect(
      problems.map(\.message) == [
        "cannot load plugin '\(library)': its process crashed: signal 11 (SIGSEGV) while it was being opened"
      ])
    #expect { _ = try catalog.descriptions(of: library) } throws: {
      "\($0)".contains("while it was being opened")
    }
  }
}
