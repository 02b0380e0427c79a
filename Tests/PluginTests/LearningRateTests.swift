import CTrainyard
import PluginHost
import Testing

/// The callbacks that set the learning rate, and the one that shows it.
@Suite struct LearningRateTests {
  @Test func `a plateau lowers the rate, and the epoch's own rate is published`() throws {
    let run = try CallbackRun("reduce-lr-on-plateau", ["patience": .int(2), "factor": .float(0.5)])
    run.services.directions = ["val_loss": 1]
    for _ in 0..<2 {
      try run.begin()
      var rates: [Double?] = []
      for (epoch, loss) in [1.0, 1, 1, 1, 1].enumerated() {
        try run.beginEpoch(epoch)
        let published = run.parameter("learning_rate") ?? 0
        #expect(try run.endEpoch(epoch, ["val_loss": loss]).first == "publish learning_rate \(published)")
        rates.append(run.parameter("learning_rate"))
      }
      #expect(rates == [0.5, 0.5, 0.25, 0.25, 0.125])
    }
  }

  @Test func `the rate is rounded as a Float32 and stays above the floor`() throws {
    let run = try CallbackRun(
      "reduce-lr-on-plateau",
      ["patience": .int(0), "factor": .float(0.1), "min_lr": .float(0.02), "monitor": .text("loss")])
    run.services.directions = ["loss": 1]
    try run.begin()
    for epoch in 0..<2 { try run.endEpoch(epoch, ["loss": 1]) }
    #expect(run.parameter("learning_rate") == Double(Float(0.5 * 0.1)))
    for epoch in 2..<5 { try run.endEpoch(epoch, ["loss": 1]) }
    #expect(run.parameter("learning_rate") == Double(Float(0.02)))
  }

  @Test func `a schedule per epoch starts from the model's rate`() throws {
    let run = try CallbackRun(
      "learning-rate-scheduler",
      ["schedule": .text("step-drop"), "parameters": .text(#"{"every": 1}"#)])
    for _ in 0..<2 {
      try run.begin()
      let rates = try (0..<3).map { epoch in
        try run.beginEpoch(epoch)
        return try run.endEpoch(epoch)
      }
      #expect(
        rates == [
          ["publish learning_rate 0.5"], ["publish learning_rate 0.25"], ["publish learning_rate 0.125"],
        ])
    }
  }

  @Test func `a schedule per step sets the rate of the steps to come`() throws {
    let run = try CallbackRun(
      "learning-rate-scheduler",
      [
        "schedule": .text("linear-warmup"), "parameters": .text(#"{"target": 1, "warmup": 4}"#),
        "interval": .text("step"),
      ])
    try run.begin()
    var rates = [run.parameter("learning_rate")]
    for batch in 0..<4 {
      try run.endBatch(batch)
      rates.append(run.parameter("learning_rate"))
    }
    #expect(rates == [0.25, 0.5, 0.75, 1, 1])
    #expect(try run.beginEpoch(1) == [])
  }

  @Test func `a resumed run does not take a step twice`() throws {
    let options: [String: OptionValue] = [
      "schedule": .text("halve-every"), "parameters": .text(#"{"every": 1}"#), "interval": .text("step"),
    ]
    let first = try CallbackRun("learning-rate-scheduler", options)
    try first.begin()
    try first.endBatch(0)
    #expect(first.parameter("learning_rate") == 0.25)
    let resumed = try CallbackRun("learning-rate-scheduler", options)
    #expect(try resumed.begin(resuming: try first.state(), at: 1) == [])
    #expect(try resumed.state() == first.state())
  }

  @Test func `shows what the first batch of an epoch was trained with`() throws {
    let run = try CallbackRun(
      "learning-rate-monitor", ["log_momentum": .bool(true), "log_key_prefix": .text("sgd/")],
      parameters: [("learning_rate", 0.5), ("momentum", 0.9)])
    for _ in 0..<2 {
      try run.begin()
      try run.beginEpoch(0)
      #expect(try run.beginBatch(0) == [])
      run.services.parameters = [("learning_rate", 0.25), ("momentum", 0)]
      #expect(try run.beginBatch(1) == [])
      #expect(try run.endEpoch(0) == ["publish sgd/learning_rate 0.5", "publish sgd/momentum 0.9"])
      try run.beginEpoch(1)
      try run.beginBatch(0, epoch: 1)
      #expect(try run.endEpoch(1) == ["publish sgd/learning_rate 0.25", "publish sgd/momentum 0.0"])
    }
  }

  @Test func `shows the rate of every batch`() throws {
    let run = try CallbackRun("learning-rate-monitor", ["logging_interval": .text("step")])
    try run.begin()
    #expect(try run.beginBatch(0) == ["publish learning_rate 0.5"])
    #expect(try run.endEpoch(0) == [])
  }

  typealias Refusal = (id: String, options: [String: OptionValue], words: [String])
  static let refused: [Refusal] = [
    ("reduce-lr-on-plateau", ["factor": .float(1)], ["factor", "1.0", "[0, 1)"]),
    ("reduce-lr-on-plateau", ["min_delta": .float(.nan)], ["'min_delta' of", "is nan", "finite"]),
    ("reduce-lr-on-plateau", ["min_delta": .float(.infinity)], ["'min_delta' of", "is inf", "finite"]),
    ("learning-rate-scheduler", [:], ["schedule"]),
    ("learning-rate-scheduler", ["schedule": .text("cosine")], ["'cosine'", "cosine-decay"]),
    (
      "learning-rate-scheduler",
      ["schedule": .text("step"), "parameters": .text(#"{"step_sise": 3}"#)],
      ["'step_sise'", "did you mean 'step_size'?"]
    ),
    (
      "learning-rate-monitor", ["log_weight_decay": .bool(true)],
      ["'weight_decay'", "log_weight_decay: false"]
    ),
  ]

  @Test(arguments: refused) func `says which option it cannot use`(refusal: Refusal) {
    expect(CallbackRun.refusal(refusal.id, refusal.options), has: [refusal.id] + refusal.words)
  }

  @Test(arguments: [
    ("reduce-lr-on-plateau", [:]), ("learning-rate-scheduler", ["schedule": OptionValue.text("constant")]),
    ("learning-rate-monitor", [:]),
  ])
  func `a model without a rate is an error when training begins`(id: String, options: [String: OptionValue]) {
    expect(CallbackRun.refusal(id, options, parameters: []), has: ["'learning_rate'", "leave \(id) out"])
  }
}
