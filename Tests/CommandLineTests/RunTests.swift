import Glibc
import Support
import Testing
import Trainyard

/// Runs that go well, and what they leave.
@Suite struct RunTests {
  let program: TrainyardProgram

  init() throws { program = try TrainyardProgram() }

  static let pipeline = """
    data:
      train: {dataset: synthetic, shape: moons, rows: 200}
      validation: {fraction: 0.2}
    model: {plugin: mlp, hidden: [4], learning_rate: 0.01}
    train: {epochs: 2, batch_size: 16, seed: 7}
    monitors: [{plugin: accuracy}]
    callbacks: [{plugin: progress}, {plugin: csv-logger}]
    """

  static let flags =
    "run --data synthetic:shape=moons,rows=200 --validation 0.2 --model mlp:hidden=[4],learning_rate=0.01 --epochs 2 "
    + "--batch-size 16 --seed 7 --monitor accuracy --callback progress --callback csv-logger"

  static let answer = TrainyardProgram.Answer(
    status: 0,
    output: """

      outcome   finished: all 2 epochs ran
      epochs    2 of 2, 20 steps, # s
      metrics   loss                  # best # in epoch N
                val_loss              # best # in epoch N
                accuracy              # best # in epoch N
                val_accuracy          # best # in epoch N
      cost      CALLBACK # s # % of the run
                CALLBACK # s # % of the run
      folder    FOLDER/runs/one

      """,
    errors: """
      epoch 1/2  loss # val_loss # accuracy # val_accuracy # # s
      epoch 2/2  loss # val_loss # accuracy # val_accuracy # # s

      """)

  private func settled(_ answer: TrainyardProgram.Answer) -> TrainyardProgram.Answer {
    var answer = answer
    answer.output = answer.output.withoutMeasurements.replacing(#/in epoch \d/#, with: "in epoch N")
      .replacing(#/(progress|csv-logger) +# s +#/#, with: "CALLBACK # s #")
    answer.errors = answer.errors.withoutMeasurements
    return answer
  }

  @Test func `a run from flags says how it went`() throws {
    let answer = try program.run(Self.flags + " --name one")
    #expect(settled(answer) == Self.answer)
    #expect(try program.files("runs/one") == (TrainyardProgram.runFiles + ["log.csv"]).sorted())
  }

  @Test func `a YAML file, a JSON file and flags give the same run`() throws {
    try program.folder.write("p.yaml", Self.pipeline)
    let yaml = try program.run("run p.yaml --name one")
    #expect(settled(yaml) == Self.answer)
    let resolved = try program.run("run p.yaml --dry-run")
    #expect(resolved.status == 0)
    #expect(resolved.errors.hasPrefix("metrics of this pipeline:\n"))
    #expect(resolved.errors.contains("  val_accuracy  max   monitor 'accuracy'\n"))
    try program.folder.write("p.json", unsettled(resolved.output))
    #expect(try program.run("run p.json --name two").status == 0)
    #expect(try program.run(Self.flags + " --name three").status == 0)
    let weights = try ["one", "two", "three"].map { try self.weights($0) }
    #expect(weights[0] == weights[1])
    #expect(weights[0] == weights[2])
    // A resolved config is one that resolves to itself.
    #expect(try program.run("run p.json --dry-run").output == resolved.output)
  }

  /// Parts to add to monitors and to callbacks.
  static let refused: [(monitor: String, callback: String)] = [
    ("", ", {plugin: early-stopping, monitor: val_los}"),
    ("", ", {plugin: reduce-lr-on-plateau, monitor: gap}"),
    (", {name: gap, expression: val_loss - los}", ""),
    ("", ", {plugin: learning-rate-monitor}, {plugin: early-stopping, monitor: learning_rat}"),
  ]

  @Test(arguments: refused)
  func `a dry run refuses what a run refuses before its first batch, in its words`(
    monitor: String, callback: String
  ) throws {
    let text = Self.pipeline.split(separator: "\n").map { line in
      line.hasPrefix("monitors:")
        ? line.dropLast() + monitor + "]"
        : line.hasPrefix("callbacks:") ? line.dropLast() + callback + "]" : line
    }
    try program.folder.write("p.yaml", text.joined(separator: "\n"))
    let dry = try program.run("run p.yaml --dry-run")
    let real = try program.run("run p.yaml --name one")
    #expect(dry.status == 2)
    #expect(dry.status == real.status)
    #expect(dry.errors.contains("which this run does not produce"))
    #expect(real.errors.hasSuffix(dry.errors))
    #expect(try program.files("runs") == [])
  }

  @Test func `a dry run lists what callbacks publish from the begin of a run on`() throws {
    try program.folder.write("p.yaml", Self.pipeline)
    let line =
      "run p.yaml --callback learning-rate-monitor --callback early-stopping:monitor=learning_rate --dry-run"
    let answer = try program.run(line)
    #expect(answer.status == 0)
    #expect(answer.errors.contains("  learning_rate "))
    #expect(try program.files("runs") == [])
  }

  /// A search has trials that failed; a run, and the folds together, could not be done.
  @Test(arguments: [("run", 2), ("cross-validate --folds 2", 2), ("search", 1)])
  func `with --isolate a plugin that crashes does not end the program`(command: String, status: Int32) throws
  {
    _ = try compileComponents(
      "callback_table.on_train_begin = dies",
      """
      #include <stdlib.h>
      static ty_status dies(void *self, const ty_event *event) {
        (void)self, (void)event;
        abort();
      }
      """, as: "dies", in: program.folder)
    try program.folder.write(
      "p.yaml",
      """
      data: {train: {dataset: synthetic, rows: 64}}
      model: {plugin: mlp, hidden: [2]}
      train: {epochs: 1, batch_size: 16}
      callbacks: [./libdies.so]
      search: {trials: 1, metric: loss, parameters: {model.learning_rate: [0.1]}}

      """)
    let isolated = try program.run("\(command) p.yaml --isolate --name one")
    #expect(isolated.status == status && isolated.errors.contains("SIGABRT"), "\(isolated)")
    #expect(try program.run("\(command) p.yaml --name two").status == 128 + SIGABRT)
  }

  @Test func `flags and --set go over what the file says`() throws {
    try program.folder.write("p.yaml", Self.pipeline)
    let line = "run p.yaml --epochs 1 --set train.batch_size=20 --set model.hidden=[3,2] --dry-run"
    let config = try JSONValue(parsing: try program.run(line).output, from: "config")
    #expect(config.at("train.epochs")?.int == 1)
    #expect(config.at("train.batch_size")?.int == 20)
    #expect(config.at("train.seed")?.int == 7)
    #expect(config.at("model.hidden")?.array?.compactMap(\.int) == [3, 2])
    #expect(config.at("data.train.shape")?.string == "moons")
    #expect(config.at("isolation") == nil)
    let isolated = try program.run(line + " --isolate").output
    #expect(try JSONValue(parsing: isolated, from: "config").at("isolation")?.string == "all")
    #expect(try program.files("runs") == [])
  }

  @Test func `a run's folder holds what was run and what came of it`() throws {
    #expect(try program.run(Self.flags + " --name one").status == 0)
    let config = try program.json("runs/one/config.json")
    #expect(config.at("model.plugin")?.string == "mlp")
    #expect(config.at("train.seed")?.int == 7)

    let rows = try readText(program.folder("runs/one/metrics.csv")).split(separator: "\n").map {
      $0.split(separator: ",").map(String.init)
    }
    #expect(rows.count == 3)
    #expect(Set(rows[0]) == ["epoch", "loss", "val_loss", "accuracy", "val_accuracy"])
    #expect(rows.map { $0[0] } == ["epoch", "0", "1"])
    #expect(rows[1...].allSatisfy { $0.count == 5 && $0.allSatisfy { Double($0)?.isFinite == true } })

    let events = try readText(program.folder("runs/one/events.jsonl")).split(separator: "\n").map {
      try JSONValue(parsing: String($0), from: "events.jsonl")
    }
    #expect(events.first?["schema"]?.int == 1)
    #expect(events.first?["epochs"]?.int == 2)
    #expect(events.first?["batches_per_epoch"]?.int == 10)
    let hooks = events.compactMap { $0["event"]?.string }
    #expect(
      hooks == ["on_train_begin"]
        + ["on_epoch_begin", "on_validation_begin", "on_validation_end", "on_epoch_end"]
        + ["on_epoch_begin", "on_validation_begin", "on_validation_end", "on_epoch_end"] + ["on_train_end"])

    let summary = try program.json("runs/one/summary.json")
    #expect(summary.at("outcome")?.string == "finished")
    #expect(summary.at("reason")?.string == "all 2 epochs ran")
    #expect(summary.at("stopped_by") == .null)
    #expect(summary.at("steps")?.int == 20)
    #expect(summary.at("training_rows")?.int == 160)
    #expect(summary.at("validation_rows")?.int == 40)
    #expect(summary.at("metrics.val_loss.direction")?.string == "min")
    #expect(summary.at("dropped")?.array?.isEmpty == true)
  }

  @Test func `a run that a callback stopped says who and why, and ends with status 0`() throws {
    let answer = try program.run(
      "run --data synthetic:rows=64 --model mlp:hidden=[],learning_rate=0 --epochs 9 --name one --callback "
        + "early-stopping:monitor=loss,patience=2,name=guard")
    #expect(answer.status == 0)
    #expect(answer.errors == "")
    let first = answer.output.split(separator: "\n").first ?? ""
    #expect(first.hasPrefix("outcome   stopped by 'guard': loss "), "\(first)")
    let summary = try program.json("runs/one/summary.json")
    #expect(summary.at("outcome")?.string == "stopped")
    #expect(summary.at("stopped_by")?.string == "guard")
    #expect(summary.at("epochs")?.int == 3)
  }

  @Test func `the same seed gives the same weight file, byte for byte, and another seed another`() throws {
    for (name, seed) in [("one", 7), ("two", 7), ("three", 8)] {
      let line = "run --data synthetic:rows=100 --model mlp:hidden=[8],dropout=0.2 --epochs 2 --quiet"
      #expect(try program.run(line + " --name \(name) --seed \(seed)").status == 0)
    }
    #expect(try weights("one") == weights("two"))
    #expect(try weights("one") != weights("three"))
  }

  @Test func `a run starts from the weights that it is given`() throws {
    let line = "run --data synthetic:rows=100 --model mlp:hidden=[8],learning_rate=0 --epochs 1"
    #expect(try program.run(line + " --name one --seed 1").status == 0)
    // Nothing is learned at a rate of 0: what comes out is what went in.
    #expect(try program.run(line + " --name two --seed 2").status == 0)
    let given = " --set model.initial_weights=runs/one/model/weights.safetensors"
    #expect(try program.run(line + " --name three --seed 2" + given).status == 0)
    #expect(try weights("two") != weights("one"))
    #expect(try weights("three") == weights("one"))
  }

  @Test func `a quiet run shows the summary alone, and a pipe gets no escape codes`() throws {
    let quiet = try program.run(Self.flags + " --quiet")
    #expect(quiet.errors == "")
    #expect(quiet.output.hasPrefix("\noutcome   finished"))
    let plain = try program.run(Self.flags)
    #expect(!(plain.output + plain.errors).unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
  }

  private func weights(_ name: String) throws -> [UInt8] {
    try readFile(program.folder("runs/\(name)/model/weights.safetensors"))
  }

  /// With the folder's path back in its place.
  private func unsettled(_ text: String) -> String { text.replacing("FOLDER", with: program.folder.path) }
}
