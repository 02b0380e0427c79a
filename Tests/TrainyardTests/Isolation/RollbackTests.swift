import PluginHost
import Support
import Testing

@testable import Trainyard

/// A model that dies in its helper sends the run back to its last checkpoint, and nothing of what the run gives is
/// another for it.
@Suite struct RollbackTests {
  private struct Training {
    var moons: Moons
    let library: String
    var checkpoints = "{every_steps: 4}"

    init(flags: [String] = []) throws {
      moons = try Moons()
      moons.epochs = 5
      moons.callbacks = """
        [{plugin: csv-logger}, {plugin: model-checkpoint, save_best_only: true, monitor: val_loss, mode: min},
         {plugin: learning-rate-scheduler, schedule: exponential, parameters: {initial: 0.5, k: 0.2}},
         {plugin: early-stopping, monitor: loss, patience: 3, restore_best_weights: true}]
        """
      library = try compileLibrary(
        [componentsFolder + "/../../TrainyardTests/Isolation/Fixtures/faulty_model.c"], as: "faulty_model",
        in: moons.folder,
        flags: ["-I", componentsFolder + "/../../../examples/model-in-c", "-Wno-unused-const-variable"]
          + flags)
      try Shell.check(["mkdir", "-p", moons.folder("runs")])
    }

    func run(_ keys: String = "") throws -> RunReport {
      let model = try ConfigReader.read(
        text: "{plugin: \"\(library)\", isolate: true, learning_rate: 0.5, momentum: 0.9\(keys)}",
        file: "model"
      )
      let node = try moons.plan.resolved.node.setting("model", to: model)
        .setting("checkpoints", to: try ConfigReader.read(text: checkpoints, file: "checkpoints"))
      return try Pipeline(node, baseFolder: moons.folder.path).plan().run()
    }

    var marker: String { ", on_crash: restart, marker: \"\(moons.folder("runs"))/marker\"" }
  }

  /// What a run leaves, without what the clock, and the options of the fault, have a part in.
  private func left(_ report: RunReport) throws -> [String: String] {
    var files: [String: String] = [:]
    for (name, bytes) in try report.files()
    where name != "./config.json" && name != "./model/model.json" {
      let text = name.hasSuffix(".safetensors") ? "\(bytes)" : String(decoding: bytes, as: UTF8.self)
      files[name] = text.replacing(#/, "seconds": [-+.0-9e]+/#, with: "")
    }
    return files
  }

  static let deaths: [(call: String, fault: String, after: Int, found: String)] = [
    ("train_step", "segfault", 16, "crashed: signal 11 (SIGSEGV)"),
    ("train_step", "exit", 0, "ended by itself: exit code 0"),
    ("train_step", "garbage", 9, "broke the protocol"),
    ("train_step", "hang", 20, "did not answer within 5 s and was killed"),
    ("evaluate", "segfault", 5, "crashed: signal 11 (SIGSEGV)"),
    ("evaluate", "exit", 0, "ended by itself: exit code 0"),
    ("reset", "segfault", 0, "crashed: signal 11 (SIGSEGV)"),
    ("reset", "segfault", 1, "crashed: signal 11 (SIGSEGV)"),
    ("assign", "segfault", 0, "crashed: signal 11 (SIGSEGV)"),
    ("parameter_get", "segfault", 7, "crashed: signal 11 (SIGSEGV)"),
  ]
  static let policies = ["{every_steps: 4}", "{every_epochs: 2}", "false"]

  @Test(arguments: policies)
  func `a run whose model died is the run that it would have been`(checkpoints: String) throws {
    for death in Self.deaths {
      var training = try Training()
      training.checkpoints = checkpoints
      let expected = try training.run()
      #expect(expected.result.outcome != .failed, "\(expected.result.reason)")
      let report = try training.run(
        ", fault: \(death.fault), call: \(death.call), after: \(death.after)"
          + (death.fault == "hang" ? ", deadline: 5s" : "") + training.marker)
      let name = "\(death) \(checkpoints)"
      #expect(try Learned(report) == Learned(expected), "\(name)")
      #expect(try left(report) == left(expected), "\(name)")
      #expect(report.incidents.map(\.policy) == [.restart], "\(name)")
      #expect(
        report.incidents.allSatisfy { $0.call == death.call && $0.what.hasPrefix(death.found) }, "\(name)")
    }
  }

  // MARK: Models that keep their snapshots themselves

  /// With early-stopping, which takes a snapshot in each better epoch, and restores the best.
  static let snapshotDeaths: [(call: String, fault: String, after: Int)] = [
    ("train_step", "segfault", 16), ("evaluate", "exit", 9), ("snapshot_take", "segfault", 0),
    ("snapshot_take", "garbage", 3), ("snapshot_restore", "exit", 0), ("snapshot_restore", "segfault", 2),
    ("snapshot_drop", "segfault", 0), ("snapshot_drop", "abort", 2),
  ]

  @Test(arguments: policies)
  func `snapshots that died with their model are back with it`(checkpoints: String) throws {
    let plainly = try Training()
    let plain = try plainly.run()
    for death in Self.snapshotDeaths {
      var training = try Training(flags: ["-DSNAPSHOTS"])
      training.checkpoints = checkpoints
      let expected = try training.run()
      #expect(try Learned(expected) == Learned(plain), "who keeps the snapshots makes no difference")
      let report = try training.run(
        ", fault: \(death.fault), call: \(death.call), after: \(death.after)" + training.marker)
      let name = "\(death) \(checkpoints): \(report.result.reason)"
      #expect(try Learned(report) == Learned(expected), "\(name)")
      #expect(try left(report) == left(expected), "\(name)")
      // With `checkpoints: false` nothing is asked of a snapshot but by early-stopping.
      #expect(report.incidents.allSatisfy { $0.call == death.call && $0.policy == .restart }, "\(name)")
      #expect(report.incidents.count == 1 || checkpoints == "false", "\(name)")
    }
  }

  static let places: [(checkpoints: String, back: Int, repeated: Int, words: String)] = [
    ("{every_steps: 4}", 16, 1, "went back to step 16, in epoch 3, after 4 batches, and does 1 step again"),
    ("{every_epochs: 1}", 12, 5, "went back to step 12, after epoch 2, and does 5 steps again"),
    ("{every_epochs: 4}", 0, 17, "went back to its start, and does 17 steps again"),
    ("false", 0, 17, "went back to its start, and does 17 steps again"),
  ]

  @Test(arguments: places)
  func `the report says what happened and what was done again`(
    checkpoints: String, back: Int, repeated: Int, words: String
  ) throws {
    var training = try Training()
    training.checkpoints = checkpoints
    // Nobody asks for a checkpoint of its own.
    training.moons.callbacks = "[{plugin: csv-logger}]"
    let report = try training.run(", fault: segfault, call: train_step, after: 17" + training.marker)
    let rollback = try #require(report.rollbacks.first)
    #expect(report.rollbacks.count == 1 && report.repeatedSteps == repeated)
    #expect(rollback.step == 17 && rollback.startStep == back && rollback.epoch == 2)
    let said =
      "model 'faulty-model', in train_step: its helper process crashed: signal 11 (SIGSEGV), in epoch 3: the run "
    #expect(rollback.account == said + words)
    #expect(report.warnings.contains(rollback.account))
    let summary = try readText(try #require(report.folder) + "/summary.json")
    #expect(summary.contains("\"repeated_steps\": \(repeated)") && summary.contains("\"rollbacks\""))
  }

  @Test func `a model that dies again and again is given up`() throws {
    var training = try Training()
    training.moons.callbacks = "[]"
    let report = try training.run(", fault: segfault, call: train_step, after: 5, on_crash: restart")
    #expect(report.result.outcome == .failed)
    #expect(report.incidents.map(\.policy) == [.restart, .restart, .restart, .fail])
    #expect(report.rollbacks.map(\.step) == [5, 9, 13])
    #expect(report.result.reason.hasSuffix("signal 11 (SIGSEGV), after 3 restarts"))
    let told = report.rollbacks.filter { report.warnings.contains($0.account) }
    #expect(told.count == 3)
  }

  @Test func `a model that may not come back ends the run, and its weights are not made up`() throws {
    let training = try Training()
    let report = try training.run(", fault: segfault, call: train_step, after: 8")
    #expect(report.result.outcome == .failed && report.rollbacks.isEmpty)
    let folder = try #require(report.folder)
    #expect(try readText(folder + "/summary.json").contains("its helper process crashed"))
    #expect(throws: (any Error).self) { _ = try readFile(folder + "/model/weights.safetensors") }
  }

  @Test func `a damaged checkpoint is passed over`() throws {
    var training = try Training()
    training.checkpoints = "{every_steps: 4, keep: 3}"
    training.moons.callbacks = "[{plugin: csv-logger}]"
    let expected = try training.run()
    // The model damages it, as nobody else is there at the time: see the fixture.
    let report = try training.run(
      ", fault: segfault, call: train_step, after: 17, damages: true" + training.marker)
    #expect(try Learned(report) == Learned(expected))
    #expect(report.rollbacks.map(\.startStep) == [12])
    #expect(report.warnings.contains { $0.contains("going on from the one before it") })
  }
}
