import PluginHost
import Support
import Testing
import Training

@testable import Trainyard

/// Recordings of real runs, read again and replayed; and recordings that are damaged.
@Suite struct RecordingTests {
  /// The callbacks of a run, replayed on what it recorded, ask for what they asked for then.
  @Test(arguments: [false, true])
  func `a replay of a run's own callbacks gives the effects that the run recorded`(recordsBatches: Bool)
    throws
  {
    let folder = try TemporaryFolder()
    let callbacks = [
      "{plugin: reduce-lr-on-plateau, patience: 1, factor: 0.5}", "csv-logger",
      "{plugin: early-stopping, patience: 2, restore_best_weights: true}",
      "{plugin: model-checkpoint, save_best_only: true}", "terminate-on-nan",
    ]
    let text = """
      data: {train: {dataset: synthetic, shape: moons}, validation: {fraction: 0.2}}
      model: {plugin: mlp, hidden: [4], learning_rate: 0.5}
      train: {epochs: 12, batch_size: 100, seed: 3}
      callbacks: [\(callbacks.joined(separator: ", "))]
      plugins: {path: [\(try builtFolder())]}
      output: {folder: \(folder.path), name: run, record: \(recordsBatches ? "batches" : "epochs")}
      """
    let report = try Pipeline(try ConfigReader.read(text: text, file: "test")).run()
    #expect(report.result.failure == nil)
    #expect(report.result.epochs.count > 2)

    let file = folder("run/events.jsonl")
    let (recording, warnings) = try RecordingReader.read(file)
    #expect(warnings.isEmpty)
    #expect(recording.epochs.count == report.result.epochs.count)
    #expect(recording.hasBatches == recordsBatches)
    #expect(recording.metrics.map(\.name).sorted() == ["loss", "val_loss"])
    #expect(recording.metrics.allSatisfy { $0.direction == .min })

    var planner = SpecPlanner(search: PluginSearch(folders: [try builtFolder()]), baseFolder: "/")
    let planned = [
      "reduce-lr-on-plateau:patience=1,factor=0.5", "csv-logger",
      "early-stopping:patience=2,restore_best_weights=true", "model-checkpoint:save_best_only=true",
      "terminate-on-nan",
    ].compactMap { planner.instance(.callback, $0, from: "test") }
    let replayed = try RunThread.perform {
      let setting = Replayer.Setting(folder: try RunFolder(in: folder.path, name: "replay"), keepsAll: true)
      let (result, target) = try Replayer(planned).play(recording, setting)
      #expect(result.epochs.count == report.result.epochs.count)
      return target.asked.map { "\($0.callback) \($0.hook.name) \(JSONWriter.compact($0.effect))" }
    }
    var lines = try RecordLines(file)
    var recorded: [String] = []
    while let line = try lines.next() {
      for effect in try line.list("effects") {
        recorded.append(
          "\(try line.string("by")) \(try line.string("hook")) \(JSONWriter.compact(effect.value))")
      }
    }
    #expect(recorded.count > 10)
    #expect(replayed == recorded)
    #expect(try readFile(folder("replay/log.csv")) == readFile(folder("run/log.csv")))
  }

  static let small = """
    {"schema": 1, "epochs": 5, "batches_per_epoch": 1, "seed": "0", "model": "mlp"}
    {"event": "on_train_begin", "step": 0, "metrics": [{"name": "loss", "direction": "min", "phases": ["epoch"]}], \
    "seconds": 0.5, "parameters": {"learning_rate": 0.1}}
    {"event": "on_epoch_begin", "epoch": 0, "step": 0}
    {"event": "on_epoch_end", "epoch": 0, "step": 1, "logs": {"loss": 0.5, "learning_rate": 0.1}, "notes": {"a": "é"}}
    {"effects": [{"effect": "stop", "reason": "enough"}], "by": "x", "hook": "on_epoch_end"}
    {"event": "on_epoch_begin", "epoch": 1, "step": 1}
    {"event": "on_epoch_end", "epoch": 1, "step": 2, "logs": {"loss": "NaN"}}
    {"event": "on_train_end", "epoch": 1, "step": 2, "outcome": "stopped", "text": "enough"}

    """

  @Test func `a recording gives the host's own metrics and not what callbacks published`() throws {
    let folder = try TemporaryFolder()
    let (recording, warnings) = try RecordingReader.read(folder.write("events.jsonl", Self.small))
    #expect(warnings.isEmpty)
    #expect(recording.plannedEpochs == 5)
    #expect(recording.ending == .finished)
    #expect(recording.parameters.map(\.name) == ["learning_rate"])
    #expect(recording.metrics == [Recording.Metric("loss", .min, .epoch)])
    #expect(recording.epochs.map(\.index) == [0, 1])
    #expect(recording.epochs[0].logs.map(\.name) == ["loss"])
    #expect(recording.epochs[0].notes == [Note(name: "a", content: .text("é"))])
    #expect(recording.epochs[1].logs.first?.value.isNaN == true)
  }

  /// A crash leaves the file cut off anywhere.
  @Test func `a recording that is cut off anywhere is read as far as it goes`() throws {
    let folder = try TemporaryFolder()
    let bytes = Array(Self.small.utf8)
    let firstLine = (bytes.firstIndex(of: 10) ?? 0)
    for length in 0..<bytes.count - 1 {
      let path = try folder.write("events.jsonl", bytes[..<length])
      guard length >= firstLine else {
        #expect(throws: ConfigProblems.self) { try RecordingReader.read(path) }
        continue
      }
      let (recording, warnings) = try RecordingReader.read(path)
      // The last line may be whole but for the line's end.
      #expect(!warnings.isEmpty || length == bytes.count - 1)
      #expect(recording.ending == .interrupted || warnings.isEmpty)
    }
  }

  static let damaged: [(line: Int, text: String, words: String)] = [
    (1, #"{"schema": 2, "epochs": 5}"#, "has schema 2"),
    (1, #"{"epochs": 5}"#, "'schema' is missing"),
    (1, #"{"schema": 1, "epochs": 9e99}"#, "'epochs' must be a whole number"),
    (1, #"{"schema": 1, "epochs": -1}"#, "from 0 to"),
    (3, "nonsense", "not valid JSON"),
    (3, "[]", "no JSON object"),
    (3, #"{"event": "on_lunch"}"#, "no event 'on_lunch'"),
    (3, #"{"event": 3}"#, "'event' must be a text"),
    (3, #"{"event": "on_epoch_begin", "epoch": 9223372036854775807}"#, "'epoch' must be a whole number"),
    (3, #"{"event": "on_epoch_begin", "epoch": "0"}"#, "'epoch' must be a whole number"),
    (3, #"{"event": "on_epoch_end", "epoch": 0}"#, "lies in no epoch"),
    (4, #"{"event": "on_epoch_end", "epoch": 7}"#, "the event of epoch 7 lies in epoch 0"),
    (4, #"{"event": "on_epoch_end", "epoch": 0, "logs": [1]}"#, "'logs' must be an object"),
    (4, #"{"event": "on_epoch_end", "epoch": 0, "logs": {"a": null}}"#, "must be a number"),
    (4, #"{"event": "on_epoch_end", "epoch": 0, "logs": {"\u0000": 1}}"#, "U+0000"),
    (4, #"{"event": "on_batch_end", "epoch": 0, "batch": -1, "step": 0}"#, "'batch' must be a whole number"),
    (6, #"{"event": "on_epoch_begin", "epoch": 0}"#, "epoch 0 begins after epoch 0"),
  ]

  @Test(arguments: damaged)
  func `a damaged line is named with its number`(line: Int, text: String, words: String) throws {
    let folder = try TemporaryFolder()
    var lines = Self.small.split(separator: "\n").map(String.init)
    lines[line - 1] = text
    let path = try folder.write("events.jsonl", lines.joined(separator: "\n") + "\n")
    var told = ""
    do { _ = try RecordingReader.read(path) } catch {
      told = (error as? ConfigProblems)?.rendered ?? (error as? ConfigProblem)?.rendered ?? "\(error)"
    }
    #expect(told.contains(words), "\(told)")
    #expect(told.contains("events.jsonl:\(line):"), "\(told)")
  }
}
