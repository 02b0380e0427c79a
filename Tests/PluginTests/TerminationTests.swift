import CTrainyard
import PluginHost
import Support
import Testing

/// The callbacks that end a run for a reason other than its quality, and what they leave behind.
@Suite struct TerminationTests {
  @Test(arguments: [Double.nan, .infinity, -.infinity]) func `stops at a loss that is none`(loss: Double)
    throws
  {
    let run = try CallbackRun("terminate-on-nan")
    try run.begin()
    #expect(try run.endBatch(0, ["loss": 1, "other": .nan]) == [])
    #expect(
      try run.endBatch(1, epoch: 2, ["loss": loss]) == ["stop \"the loss of batch 2 in epoch 3 is \(loss)\""])
    #expect(try run.endEpoch(2, ["loss": .nan]) == [])
  }

  @Test func `or fails at it`() throws {
    let run = try CallbackRun("terminate-on-nan", ["raise_error": .bool(true)])
    try run.begin()
    #expect(throws: PluginFailure.self) { try run.endBatch(0, ["loss": .nan]) }
    try run.begin()
    #expect(try run.endBatch(0, ["loss": 1]) == [])
  }

  private func timer(_ options: [String: OptionValue]) throws -> CallbackRun {
    let run = try CallbackRun("timer", options)
    run.services.monotonic = 100_000_000_000
    try run.begin()
    return run
  }

  @Test func `stops when the time is up, in every run anew`() throws {
    let run = try timer(["duration": .text("00:00:01:00")])
    for _ in 0..<2 {
      try run.begin()
      run.services.monotonic += 59_000_000_000
      #expect(try run.endBatch(0) == [])
      run.services.monotonic += 1_000_000_000
      let stop = try run.endBatch(1)
      #expect(stop.first?.hasPrefix("stop \"the time limit of 1 min 00 s is reached") == true, "\(stop)")
      try run.end()
    }
  }

  @Test(arguments: ["step", "epoch"]) func `without time left not one batch is trained`(interval: String)
    throws
  {
    let none = try CallbackRun("timer", ["duration": .text("0s"), "interval": .text(interval)])
    #expect(try none.begin() == ["stop \"the time limit of 0 s is reached, after 0 s\""])
    let first = try timer(["duration": .text("250ms"), "interval": .text("step")])
    first.services.monotonic += 300_000_000
    #expect(try first.endBatch(0) == ["stop \"the time limit of 250 ms is reached, after 300 ms\""])
    let second = try CallbackRun("timer", ["duration": .text("250ms"), "interval": .text(interval)])
    #expect(try second.begin(resuming: try first.state()).count == 1)
    #expect(try second.begin() == [], "a new run has its full time")
  }

  @Test func `looks at the clock after epochs alone`() throws {
    let run = try timer(["duration": .text("1s"), "interval": .text("epoch")])
    run.services.monotonic += 2_000_000_000
    #expect(try run.endBatch(0) == [])
    #expect(try run.endEpoch(0).count == 1)
  }

  @Test func `a resumed run goes on with the time it has taken`() throws {
    let first = try timer(["duration": .text("10s")])
    first.services.monotonic += 7_000_000_000
    try first.endBatch(0)
    // Another process, whose clock stands elsewhere.
    let second = try CallbackRun("timer", ["duration": .text("10s")])
    try second.begin(resuming: try first.state())
    second.services.monotonic += 2_000_000_000
    #expect(try second.endBatch(1) == [])
    second.services.monotonic += 1_000_000_000
    #expect(try second.endBatch(2).count == 1)
  }

  static let skipped = """
    [
      {"epoch": 0, "batch": 2},
      {"epoch": 0, "batch": 3}
    ]

    """

  @Test func `stops at a spike and writes its batches down`() throws {
    let run = try CallbackRun("spike-detection", ["on_spike": .text("stop")])
    let other = try CallbackRun("spike-detection")
    try other.begin()
    let fresh = try other.state()
    for _ in 0..<2 {
      try run.begin()
      #expect(try run.state() == fresh)
      for batch in 0..<3 { #expect(try run.endBatch(batch, ["loss": 1]) == []) }
      #expect(
        try run.endBatch(3, ["loss": 9]) == [
          "start skip_batches.json", "append skip_batches.json \"\(Self.skipped)\"",
          "stop \"the loss of batch 4 in epoch 1 is 9: a spike over the mean 1\"",
        ])
    }
  }

  @Test func `fails at a spike and writes its batches down when it is told of the error`() throws {
    let run = try CallbackRun("spike-detection")
    try run.begin()
    for batch in 0..<3 { try run.endBatch(batch, ["loss": 1]) }
    #expect(throws: PluginFailure.self) { try run.endBatch(3, ["loss": 9]) }
    #expect(
      try run.raise() == ["start skip_batches.json", "append skip_batches.json \"\(Self.skipped)\""])
    try run.begin()
    #expect(try run.raise("another's error") == [])
  }

  @Test func `saves the weights at an error`() throws {
    let run = try CallbackRun("on-exception-checkpoint")
    try run.begin()
    #expect(try run.raise().first == "save_weights checkpoints/on_exception.safetensors")
    let named = try CallbackRun("on-exception-checkpoint", ["filename": .text("broken/it.st")])
    try named.begin()
    #expect(try named.raise().first == "save_weights checkpoints/broken/it.st")
  }

  @Test func `sets over how many batches gradients are accumulated`() throws {
    let run = try CallbackRun(
      "gradient-accumulation-scheduler", ["scheduling": .text(#"{"1": 4, "3": 2}"#)])
    for _ in 0..<2 {
      try run.begin()
      let factors = try (0..<5).map { epoch in
        try run.beginEpoch(epoch)
        return run.parameter("accumulate_grad_batches")
      }
      #expect(factors == [1, 4, 4, 2, 2])
    }
  }

  @Test func `a model that cannot accumulate, or does already, is an error`() {
    let options: [String: OptionValue] = ["scheduling": .text(#"{"1": 4}"#)]
    let id = "gradient-accumulation-scheduler"
    expect(CallbackRun.refusal(id, options, parameters: []), has: ["cannot accumulate gradients"])
    expect(
      CallbackRun.refusal(id, options, parameters: [("accumulate_grad_batches", 8)]),
      has: ["over 8 batches already", "{0: 8}"])
  }

  typealias Refusal = (id: String, options: [String: OptionValue], words: [String])
  static let refused: [Refusal] = [
    ("timer", [:], ["duration"]),
    ("timer", ["duration": .text("a while")], ["'duration'", "'a while'", "1h30m"]),
    ("spike-detection", ["window": .int(0)], ["window", "0", "[1, 1000000]"]),
    ("spike-detection", ["mode": .text("auto")], ["mode", "'auto'", "min, max"]),
    ("spike-detection", ["exclude_batches_path": .text("")], ["'exclude_batches_path' is ''"]),
    (
      "spike-detection", ["exclude_batches_path": .text("a/../../b")],
      ["'a/../../b'", "below the run's folder"]
    ),
    ("spike-detection", ["rtol": .float(.infinity)], ["'rtol' of", "is inf", "range"]),
    ("spike-detection", ["atol": .float(.infinity)], ["'atol' of", "is inf", "range"]),
    ("reduce-lr-on-plateau", ["min_lr": .float(.infinity)], ["'min_lr' of", "is inf", "range"]),
    ("stochastic-weight-averaging", ["swa_lrs": .float(.infinity)], ["'swa_lrs' of", "is inf", "range"]),
    (
      "csv-logger", ["filename": .text("/tmp/x.csv")],
      ["'filename' is '/tmp/x.csv'", "below the run's folder"]
    ),
    ("json-lines-logger", ["file": .text("../x")], ["'file' is '../x'", "below the run's folder"]),
    ("tensorboard", ["log_dir": .text("logs/")], ["'log_dir' is 'logs/'", "below the run's folder"]),
    ("model-checkpoint", ["filename": .text("a/./b")], ["'filename' is 'a/./b'", "checkpoints/"]),
    ("on-exception-checkpoint", ["filename": .text("/tmp/x")], ["'/tmp/x'", "checkpoints/"]),
    (
      "gradient-accumulation-scheduler", ["scheduling": .text(#"{"1": 0}"#)],
      ["'scheduling'", "is 0", "from 1 on"]
    ),
  ]

  @Test(arguments: refused) func `says which option it cannot use`(refusal: Refusal) {
    expect(CallbackRun.refusal(refusal.id, refusal.options), has: [refusal.id] + refusal.words)
  }
}
