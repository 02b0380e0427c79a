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
