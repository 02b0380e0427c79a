import PluginHost
import Support
import Testing

@testable import Trainyard

/// Every fault in every hook of an isolated callback: the host goes on, and loses no step.
@Suite struct FaultTests {
  /// What the host finds when the plugin does it.
  static let faults: [(name: String, found: String)] = [
    ("segfault", "crashed: signal 11 (SIGSEGV)"),
    ("abort", "crashed: signal 6 (SIGABRT); it wrote: this plugin has had enough"),
    ("exit", "ended by itself: exit code 0"),
    ("hang", "did not answer within 5 s and was killed"),
    ("memory", "crashed: signal 11 (SIGSEGV)"),
    ("garbage", "broke the protocol (a message that claims 4008636142 bytes) and was killed"),
    ("answer", "broke the protocol (an answer to no question) and was killed"),
    ("close", "let go of the line to the host"),
    ("page", "crashed: signal 11 (SIGSEGV)"),
  ]

  static let hooks = [
    "on_train_begin", "on_epoch_begin", "on_batch_begin", "on_optimizer_step", "on_batch_end",
    "on_validation_begin", "on_validation_batch_begin", "on_validation_batch_end", "on_validation_end",
    "on_epoch_end", "on_train_end",
  ]

  /// - Parameter hook: `on_exception` is of runs that fail.
  private func training(_ fault: String, _ hook: String = "") throws -> FaultyTraining {
    var training = try FaultyTraining()
    if hook == "on_exception" {
      training.others =
        "{plugin: \"\(training.library)\", name: failing, fault: fail, hook: on_batch_end, after: 8, quiet: true}, "
    }
    training.options += [("fault", fault), ("memory_limit", "64")]
    // Only one that waits for it: a machine under load is slow to start a process.
    if fault == "hang" { training.options.append(("deadline", "5s")) }
    return training
  }

  @Test(arguments: faults)
  func `a run without the plugin is what remains when it may be dropped`(name: String, found: String) throws {
    let training = try training(name)
    let expected = try Learned(training.runWithout())
    for hook in Self.hooks {
      let report = try training.run([("hook", hook), ("on_crash", "drop"), ("quiet", "true")])
      #expect(try Learned(report) == expected, "\(hook)")
      #expect(report.incidents.map(\.call) == [hook])
      #expect(report.incidents.allSatisfy { $0.what.hasPrefix(found) && $0.policy == .drop }, "\(hook)")
      #expect(report.warnings.contains { $0.contains(hook) && $0.contains(found) }, "\(hook)")
    }
  }

  @Test(arguments: faults)
  func `a plugin that is brought back gives what an undisturbed one gives`(name: String, found: String) throws
  {
    let training = try training(name)
    let expected = try Learned(training.run())
    for hook in Self.hooks {
      let report = try training.run(
        [
          ("hook", hook), ("on_crash", "restart"), ("marker", training.marker(hook)), ("after", "3"),
        ].filter { $0.0 != "after" || hook.contains("batch") || hook.contains("step") })
      #expect(try Learned(report) == expected, "\(hook)")
      #expect(report.incidents.map(\.call) == [hook])
      #expect(report.incidents.allSatisfy { $0.what.hasPrefix(found) && $0.policy == .restart }, "\(hook)")
      let summary = try readText(try #require(report.folder) + "/summary.json")
      #expect(summary.contains("\"incidents\"") && summary.contains("\"restart\""))
    }
  }

  @Test(arguments: faults)
  func `a run that may not lose the plugin ends with what happened to it`(name: String, found: String) throws
  {
    let report = try training(name).run([("hook", "on_epoch_end"), ("on_crash", "fail")])
    #expect(report.result.outcome == .failed)
    let start = "callback 'faults' failed in on_epoch_end, epoch 1: its helper process \(found)"
    #expect(report.result.reason.hasPrefix(start))
    #expect(report.result.steps == 6, "the steps of its epoch are there")
  }

  // MARK: Other kinds

  static let monitorCalls = ["prepare", "pass_begin", "update", "compute"]

  /// `on_exception` is called in runs that fail, of which the first epoch is whole.
  @Test(arguments: faults)
  func `a run that fails fails as it would have, whatever is done in on_exception`(
    name: String, found: String
  ) throws {
    let training = try training(name, "on_exception")
    let without = try Learned(training.runWithout())
    let expected = try Learned(training.run())
    #expect(without.outcome.hasSuffix("failed in on_batch_end, epoch 2, batch 3: this plugin has had enough"))
    for policy in ["drop", "restart", "fail"] {
      let keys = [("hook", "on_exception"), ("on_crash", policy), ("quiet", "\(policy == "drop")")]
      let marker = policy == "restart" ? [("marker", training.marker("once"))] : []
      let report = try training.run(keys + marker)
      #expect(try Learned(report) == (policy == "drop" ? without : expected), "\(policy)")
      #expect(report.incidents.map(\.call) == ["on_exception"], "\(policy)")
      #expect(report.incidents.allSatisfy { $0.what.hasPrefix(found) && $0.policy.rawValue == policy })
    }
  }

  /// Each call of a monitor, with a fault of its own. `make faults` goes through all of them.
  @Test(arguments: monitorCalls, ["abort", "garbage"])
  func `a monitor is brought back, or missed`(call: String, fault: String) throws {
    let training = try FaultyTraining()
    let expected = try Learned(training.run(monitor: "isolate: false"))
    let keys = "isolate: true, fault: \(fault), hook: \(call)"
    let after = ["update", "compute"].contains(call) ? ", after: 1" : ""
    let restarted = try training.run(
      monitor: keys + after + ", on_crash: restart, marker: \(training.marker(call))")
    #expect(try Learned(restarted) == expected)
    #expect(restarted.incidents.map(\.call) == [call])
    let dropped = try training.run(monitor: keys + ", on_crash: drop")
    #expect(dropped.result.outcome == .finished && dropped.result.steps == restarted.result.steps)
    #expect(dropped.result.series("loss") == restarted.result.series("loss"))
    #expect(dropped.result.series("mean_prediction").isEmpty)
    let failed = try training.run(monitor: keys)
    let start = "monitor 'faulty-mean' failed in \(call)"
    let found = fault == "abort" ? "signal 6 (SIGABRT)" : "broke the protocol"
    #expect(failed.result.reason.hasPrefix(start) && failed.result.reason.contains(found))
  }

  @Test(arguments: ["segfault", "garbage", "exit"])
  func `a dataset is read again in a new helper, or the run ends`(fault: String) throws {
    let training = try FaultyTraining()
    let expected = try Learned(training.run(dataset: "isolate: false"))
    for (call, after) in [("reset", 0), ("row_count", 0), ("read", 0), ("read", 8)] {
      let keys = "isolate: true, fault: \(fault), hook: \(call), after: \(after)"
      let marker = training.marker("\(call)-\(after)")
      let report = try training.run(dataset: keys + ", on_crash: restart, marker: \(marker)")
      #expect(try Learned(report) == expected, "\(call)")
      #expect(report.incidents.map(\.call) == [call])
    }
    let failed = try training.run(dataset: "isolate: true, fault: \(fault), hook: read, after: 8")
    #expect(failed.result.outcome == .failed && failed.result.reason.contains("its helper process"))
  }

  @Test func `a helper has the memory that it is given, and a model in it says so`() throws {
    let moons = try Moons()
    let plan = try moons.plan
    let node = plan.resolved.node.setting(
      "model",
      to: try ConfigReader.read(
        text: "{plugin: mlp, hidden: [4000, 4000], isolate: true, memory_limit: 64}", file: "model"))
    #expect {
      _ = try Pipeline(node, baseFolder: moons.folder.path).plan().run()
    } throws: { "\($0)".contains("failed in reset: no memory for the weights") }
  }

  // MARK: More ways to die

  @Test func `a plugin that dies again and again is given up`() throws {
    let report = try training("segfault").run([("hook", "on_epoch_end"), ("on_crash", "restart")])
    #expect(report.result.outcome == .failed)
    #expect(report.incidents.map(\.policy) == [.restart, .restart, .restart, .fail])
    #expect(report.result.reason.hasSuffix("signal 11 (SIGSEGV), after 3 restarts"))
  }

  @Test(arguments: ["reset", "state_save"])
  func `a plugin is brought back from between the hooks`(place: String) throws {
    let training = try training("abort")
    let expected = try Learned(training.run())
    let report = try training.run([
      ("hook", place), ("on_crash", "restart"), ("marker", training.marker(place)),
    ])
    #expect(try Learned(report) == expected)
    #expect(report.incidents.map(\.call) == [place])
  }

  @Test func `a plugin that cannot be created ends the run before it begins`() throws {
    #expect {
      _ = try training("segfault").run([("hook", "create"), ("on_crash", "drop")])
    } throws: { "\($0)".contains("its helper process crashed: signal 11 (SIGSEGV)") }
  }

  @Test func `a plugin without state is brought back by all that it was told`() throws {
    var training = try FaultyTraining(flags: ["-DWITHOUT_STATE"])
    training.moons.epochs = 4
    let expected = try Learned(training.run())
    let report = try training.run([
      ("fault", "exit"), ("hook", "on_epoch_end"), ("after", "2"), ("on_crash", "restart"),
      ("marker", training.marker("once")),
    ])
    #expect(try Learned(report) == expected)
    #expect(report.incidents.count == 1)
  }

  @Test func `the others of its helper are brought back, too`() throws {
    var training = try training("segfault")
    training.others =
      "{plugin: csv-logger, isolate: together}, {plugin: early-stopping, isolate: together, patience: 1, min_delta: 0.01}, "
    training.options[0].1 = "together"
    // A group has one memory limit.
    training.options.removeAll { $0.0 == "memory_limit" }
    training.moons.epochs = 5
    let expected = try training.runWithout()
    let report = try training.run([
      ("hook", "on_epoch_begin"), ("after", "2"), ("on_crash", "drop"), ("quiet", "true"),
    ])
    #expect(try Learned(report) == Learned(expected))
    let name = "/log.csv"
    #expect(
      try readText(try #require(report.folder) + name) == readText(try #require(expected.folder) + name))
    #expect(report.incidents.map(\.instance) == ["faults"])
  }

  @Test func `one instance serves a second run after its helper died in the first`() throws {
    var training = try training("segfault")
    training.moons.callbacks =
      "[{plugin: \"\(training.library)\", isolate: true, fault: segfault, hook: on_epoch_end, on_crash: drop, marker: \(training.marker("once"))}]"
    let reports = try training.moons.plan.withSession { session in [try session.fit(), try session.fit()] }
    #expect(reports.map(\.result.outcome) == [.finished, .finished])
    #expect(reports.map(\.incidents.count) == [1, 0])
    #expect(reports[1].result.series("calls").count == 2)
  }

  // MARK: What it may not do

  static let refusals: [(fault: String, said: String)] = [
    ("fork", "fork: Operation not permitted"),
    ("kill", "kill: Operation not permitted"),
    ("kill-all", "kill: Operation not permitted"),
    ("ptrace", "trace: Operation not permitted"),
    ("socket", "socket: Permission denied"),
    ("write", "write: Permission denied"),
  ]

  /// The kernel of this machine has seccomp and Landlock; where one is missing the run warns, and this has nothing to
  /// test.
  @Test(arguments: refusals)
  func `an isolated plugin is refused what it does not need`(fault: String, said: String) throws {
    final class Lines: Console {
      var lines: [String] = []
      func line(_ level: LogLevel, _ text: String) { lines.append(text) }
      func status(_ text: String) {}
      var width: Int { 0 }
    }
    let console = Lines()
    var training = try training(fault)
    training.moons.callbacks =
      "[{plugin: \"\(training.library)\", isolate: true, fault: \(fault), hook: on_epoch_end}]"
    let report = try training.moons.plan.run(console: console)
    #expect(report.result.outcome == .finished)
    guard !console.lines.contains(where: { $0.hasPrefix("this kernel cannot") }) else { return }
    #expect(console.lines.filter { $0 == said }.count == 2)
  }
}
