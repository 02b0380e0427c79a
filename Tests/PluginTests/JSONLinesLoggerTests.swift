import CTrainyard
import PluginHost
import Support
import Testing

/// Lines of JSON, and where the file begins.
@Suite struct JSONLinesLoggerTests {
  private func text(_ probe: CallbackProbe, _ file: String = "log.jsonl") -> String {
    String(decoding: probe.services.files[file] ?? [], as: UTF8.self)
  }

  private func batch(_ probe: CallbackProbe, epoch: Int, _ number: Int64, step: Int64, _ loss: Double) throws
  {
    var event = TestEvent(epoch: epoch, ["loss": loss])
    event.batch = number
    event.step = step
    try probe.call(TY_HOOK_BATCH_END, event)
  }

  @Test func `an object for each epoch, in the order of names`() throws {
    let probe = try CallbackProbe("json-lines-logger")
    try probe.begin()
    try probe.endEpoch(0, ["val_loss": 0.25, "loss": 0.1, "Accuracy": 1])
    try probe.endEpoch(1, ["loss": 1e-7])
    #expect(
      text(probe) == """
        {"epoch": 0, "step": 0, "Accuracy": 1.0, "loss": 0.1, "val_loss": 0.25}
        {"epoch": 1, "step": 0, "loss": 1e-07}

        """)
  }

  @Test func `what JSON cannot say is a text, and names are quoted`() throws {
    let probe = try CallbackProbe("json-lines-logger")
    try probe.begin()
    try probe.endEpoch(0, ["a": .nan, "b": .infinity, "c": -.infinity, "d\"\\\n\u{1}": -0.0, "epoch": 3])
    #expect(
      text(probe)
        == #"{"epoch": 0, "step": 0, "a": "NaN", "b": "Infinity", "c": "-Infinity", "d\"\\\n\u0001": -0.0, "#
        + "\"metric/epoch\": 3.0}\n")
  }

  @Test func `every second batch of the run on request`() throws {
    let probe = try CallbackProbe(
      "json-lines-logger", ["every_n_batches": .int(2), "file": .text("logs/x.jsonl")])
    try probe.begin()
    for number in 0..<3 { try batch(probe, epoch: 0, Int64(number), step: Int64(number), 0.5) }
    try probe.endEpoch(0)
    try batch(probe, epoch: 1, 0, step: 3, 0.25)
    #expect(
      text(probe, "logs/x.jsonl") == """
        {"epoch": 0, "batch": 1, "step": 1, "loss": 0.5}
        {"epoch": 0, "step": 0}
        {"epoch": 1, "batch": 0, "step": 3, "loss": 0.25}

        """)
  }

  @Test func `batches are not written unless asked for`() throws {
    let probe = try CallbackProbe("json-lines-logger")
    try probe.begin()
    try batch(probe, epoch: 0, 0, step: 1, 0.5)
    #expect(text(probe) == "")
  }

  @Test func `a file begins anew in each run, unless it is appended to`() throws {
    let probe = try CallbackProbe("json-lines-logger")
    #expect(try probe.begin() == ["start log.jsonl"])
    try probe.endEpoch(0)
    #expect(try probe.begin() == ["start log.jsonl"])
    #expect(try CallbackProbe("json-lines-logger", ["append": .bool(true)]).begin() == [])
  }

  @Test func `a reused instance writes what a new one does`() throws {
    func run(_ probe: CallbackProbe) throws -> String {
      try probe.begin()
      for number in 0..<5 { try batch(probe, epoch: 0, Int64(number), step: 1, 0.5) }
      try probe.endEpoch(0)
      return text(probe)
    }
    let options: [String: OptionValue] = ["every_n_batches": .int(3)]
    let reused = try CallbackProbe("json-lines-logger", options)
    _ = try run(reused)
    #expect(try run(reused) == run(try CallbackProbe("json-lines-logger", options)))
  }

  @Test func `a resumed run goes on with its file`() throws {
    let first = try CallbackProbe("json-lines-logger")
    try first.begin()
    let resumed = try CallbackProbe("json-lines-logger")
    try resumed.instance.reset()
    try resumed.instance.loadState(try first.instance.saveState())
    #expect(try resumed.call(TY_HOOK_TRAIN_BEGIN) == [])
  }

  @Test func `options that cannot be are refused`() {
    #expect(refusal(of: "json-lines-logger", options: ["file": .text("")]).contains("option 'file' is ''"))
    #expect(
      refusal(of: "json-lines-logger", options: ["every_n_batches": .int(0)]).contains("every_n_batches"))
  }
}
