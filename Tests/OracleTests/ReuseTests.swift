import PluginHost
import Support
import Testing
import Training

@testable import Trainyard

/// One instance that has served a run must serve the next as a new one would: the same effects, files byte for byte,
/// lines and saved state, however the run before ended.
@Suite struct ReuseTests {
  @Test func `every callback library is in the table, and every row has its library`() throws {
    let callbacks = PluginSearch(folders: [try builtFolder()]).all().components.filter {
      $0.kind == .callback
    }
    // It comes with an engine, where that was built, works on its models alone, and is tested with it.
    let ofEngines: Set = ["torch-export"]
    let built = Set(callbacks.map(\.id)).subtracting(ofEngines)
    let rows = Set(ReuseRow.table.map(\.id))
    #expect(built.subtracting(rows).sorted() == [], "a callback without a row in ReuseRow.table")
    #expect(rows.subtracting(built).subtracting(ReuseRow.awaited).sorted() == [], "a row without a library")
    #expect(ReuseRow.awaited.intersection(built).sorted() == [], "it has come: take it from ReuseRow.awaited")
  }

  @Test(arguments: ReuseRow.table.filter { !ReuseRow.awaited.contains($0.id) })
  func `a reused instance gives what a new one gives`(_ row: ReuseRow) throws {
    for settings in row.settings {
      let trial = try ReuseTrial(row, settings)
      try RunThread.perform { try trial.run() }
      #expect(trial.comparisons > 0)
      for difference in trial.differences.prefix(5) {
        Issue.record("\(row.id):\(settings): \(difference)")
      }
    }
  }

  /// The check must be able to fail: an instance that is never reset differs.
  @Test(arguments: [
    ReuseRow("early-stopping", "patience=1,monitor=score"), ReuseRow("csv-logger", ""),
    ReuseRow("model-checkpoint", "monitor=score,save_best_only=true"),
  ])
  func `an instance that forgets nothing is found out`(_ row: ReuseRow) throws {
    let trial = try ReuseTrial(row, row.settings[0], resets: false)
    try RunThread.perform { try trial.run() }
    #expect(!trial.differences.isEmpty)
  }
}

/// One callback with one setting through all pairs of runs.
final class ReuseTrial {
  private let row: ReuseRow
  private let planned: PlannedInstance
  private let resets: Bool
  private let scratch = try? TemporaryFolder()
  private(set) var differences: [String] = []
  private(set) var comparisons = 0

  init(_ row: ReuseRow, _ settings: String, resets: Bool = true) throws {
    self.row = row
    self.resets = resets
    var planner = SpecPlanner(search: PluginSearch(folders: [try builtFolder()]), baseFolder: "/")
    let instance = planner.instance(
      .callback, settings.isEmpty ? row.id : "\(row.id):\(settings)", from: row.id)
    guard let instance else { throw ConfigProblems(planner.problems) }
    planned = instance
  }

  func run() throws {
    let hooks = Set(Hook.allCases.filter { planned.component.hooks.contains($0.name) })
    for (number, after) in Scene.after.enumerated() {
      let fresh = try traces(of: after, by: try replayer().replayer)
      for (position, before) in Scene.before.enumerated() {
        for ending in Ending.all(hooks: hooks) {
          let (replayer, callback) = try replayer()
          try playBefore(before, ending, replayer, callback)
          let states =
            ending == .finished || ending == .interrupted ? [try? callback.saveState()].compactMap { $0 } : []
          let place = "run \(number + 1) after run \(position + 1), \(ending)"
          compare(try traces(of: after, by: replayer), fresh, place)
          // A run that is resumed: reset first, state after.
          guard !states.isEmpty else { continue }
          let resumed = try traces(of: after, by: replayer, states: states)
          compare(
            resumed, try traces(of: after, by: try self.replayer().replayer, states: states),
            place + ", resumed")
        }
      }
    }
  }

  private func replayer() throws -> (replayer: Replayer, callback: FaultyCallback) {
    var made: FaultyCallback?
    let replayer = try Replayer([planned]) { planned, run, bridge in
      let callback = try FaultyCallback(planned, run: run, bridge: bridge)
      callback.skipsReset = !self.resets
      made = callback
      return callback
    }
    guard let made else { throw TestError("the replayer has made no callback") }
    return (replayer, made)
  }

  private func playBefore(
    _ scene: Scene, _ ending: Ending, _ replayer: Replayer, _ callback: FaultyCallback
  ) throws {
    var setting = Replayer.Setting(folder: try folder(), type: .float32, keepsAll: true)
    switch ending {
    case .ownHook(let hook): callback.fault = (hook, scene.epochs / 2)
    case .otherCallback(let hook): setting.further = [FailingCallback(hook, epoch: scene.epochs / 2)]
    default: break
    }
    _ = try replayer.play(ending.cut(scene.recording), setting)
    callback.fault = nil
  }

  /// The run's folder has the same path every time: a path may well stand in what a callback says.
  private func folder() throws -> RunFolder {
    guard let scratch else { throw TestError("no temporary folder") }
    try Shell.check(["rm", "-rf", scratch("run")])
    return try RunFolder(in: scratch.path, name: "run")
  }

  // MARK: What a run leaves

  private func traces(
    of scene: Scene, by replayer: Replayer, states: [StateTable] = []
  ) throws -> [(name: String, text: String)] {
    let folder = try folder()
    var setting = Replayer.Setting(folder: folder, type: .float32, keepsAll: true)
    setting.states = states
    let (result, target) = try replayer.play(scene.recording, setting)
    var traces: [(name: String, text: String)] = [
      ("outcome", "\(result.outcome), \(result.reason)"), ("stop", "\(String(describing: result.stop))"),
      ("epochs", result.epochs.map(shown).joined(separator: "\n")),
      ("batches", result.batches.map(shown).joined(separator: "\n")),
      ("final weight", "\(result.finalWeight)"), ("final parameters", "\(result.finalParameters)"),
      ("warnings", result.warnings.joined(separator: "\n")),
      ("effects", effects(target.asked).joined(separator: "\n")),
      ("saved and removed files", target.files.map { "\($0)" }.joined(separator: "\n")),
      ("lines", target.lines.map { "\($0)" }.joined(separator: "\n")),
    ]
    for path in PathName.files(below: folder.path) {
      let bytes = try InputFile.read(folder.file(path))
      // Byte for byte: each byte is a scalar of its own.
      let text = String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
      traces.append(("file \(path)", row.measures ? "" : text))
    }
    let state = (try? replayer.callbacks[0].saveState()) ?? [:]
    traces.append(
      ("state", state.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "\n")))
    return traces
  }

  private func compare(
    _ reused: [(name: String, text: String)], _ fresh: [(name: String, text: String)], _ place: String
  ) {
    comparisons += 1
    let names = { (traces: [(name: String, text: String)]) in traces.map(\.name) }
    guard names(reused) == names(fresh) else {
      differences.append("\(place): \(names(reused)) and not \(names(fresh))")
      return
    }
    for (one, other) in zip(reused, fresh) where !one.text.utf8.elementsEqual(other.text.utf8) {
      if row.measures, withoutNumbers(one.text) == withoutNumbers(other.text) { continue }
      let lines = zip(one.text.split(separator: "\n"), other.text.split(separator: "\n"))
      let first = lines.first { $0 != $1 }
      differences.append(
        "\(place): \(one.name): \(String(first?.0 ?? "…").prefix(300)) and not \(String(first?.1 ?? "…").prefix(300))"
      )
    }
  }

  private func withoutNumbers(_ text: String) -> String {
    String(text.filter { !$0.isNumber && !".-+e".contains($0) })
  }

  // By hand: the whole of a run is written down hundreds of times.

  private func shown(_ epoch: ReplayedEpoch) -> String {
    let weights = [
      epoch.weightAtBegin, epoch.weightTrained, epoch.weightInValidation ?? .nan, epoch.weightAtEnd,
    ]
    return "\(epoch.index) \(weights) \(epoch.parameters.map(\.value)) \(epoch.parametersAtEnd.map(\.value))"
  }

  private func shown(_ batch: ReplayedBatch) -> String {
    let snapshot = batch.snapshot ?? .nan
    return
      "\(batch.epoch) \(batch.batch) \(batch.step) \(batch.weight) \(snapshot) \(batch.parameters.map(\.value))"
  }

  private func effects(_ asked: [ReplayTarget.Asked]) -> [String] {
    row.measures
      ? asked.map { withoutNumbers(JSONWriter.compact($0.effect)) }.sorted() : asked.map(shown)
  }

  private func shown(_ asked: ReplayTarget.Asked) -> String {
    "\(asked.callback) \(asked.hook.name) \(asked.epoch) \(asked.batch) \(JSONWriter.compact(asked.effect))"
  }
}

/// A plugin's callback whose hook fails on demand, after it has done its work.
final class FaultyCallback: CallbackAdapter {
  var fault: (hook: Hook, epoch: Int)?
  /// To see what becomes of an instance that forgets nothing: it is made ready by its own state.
  var skipsReset = false
  private var hasRun = false

  override func call(_ hook: Hook, _ event: EventFrame) throws {
    try super.call(hook, event)
    guard let fault, fault.hook == hook else { return }
    let hasEpoch = ![Hook.trainBegin, .trainEnd, .exception].contains(hook)
    if !hasEpoch || event.epoch >= fault.epoch { throw TestError("the hook has failed") }
  }

  override func reset() throws {
    let state = skipsReset && hasRun ? try? saveState() : nil
    try super.reset()
    if let state { try loadState(state) }
    hasRun = true
  }
}

/// Another callback in the same run, which fails.
final class FailingCallback: LoopCallback {
  private let hook: Hook
  private let epoch: Int

  init(_ hook: Hook, epoch: Int) {
    self.hook = hook
    self.epoch = epoch
    super.init(name: "failing", hooks: [hook])
  }

  override func call(_ hook: Hook, _ event: EventFrame) throws {
    if event.epoch >= epoch { throw TestError("another callback has failed") }
  }
}
