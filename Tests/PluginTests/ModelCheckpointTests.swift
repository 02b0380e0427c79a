import CTrainyard
import PluginHost
import Testing

@Suite struct ModelCheckpointTests {
  private func run(_ options: [String: OptionValue]) throws -> CallbackRun {
    let run = try CallbackRun(
      "model-checkpoint", options.merging(["save_weights_only": .bool(true)]) { $1 })
    run.services.directions = ["loss": 1, "val_loss": 1]
    try run.begin()
    return run
  }

  private func lightning(_ options: [String: OptionValue]) throws -> CallbackRun {
    try run(options.merging(["rules": .text("lightning")]) { $1 })
  }

  @Test func `saves every n batches over the ends of epochs`() throws {
    let run = try run([
      "save_freq": .text("3"), "filename": .text("e{epoch}b{batch:02d}"), "monitor": .text("loss"),
    ])
    var saves: [[String]] = []
    for epoch in 0..<2 {
      for batch in 0..<4 { saves.append(try run.endBatch(batch, epoch: epoch, ["loss": 1])) }
      #expect(try run.endEpoch(epoch, ["loss": 1]) == [])
    }
    #expect(
      saves == [
        [], [], ["save_weights checkpoints/e1b03"], [], [], ["save_weights checkpoints/e2b02"], [], [],
      ])
  }

  @Test func `batches and the best work together, and a second run starts from nothing`() throws {
    let run = try run([
      "save_freq": .text("1"), "save_best_only": .bool(true), "monitor": .text("loss"),
      "filename": .text("b"),
    ])
    func saves(_ losses: [Double]) throws -> [Bool] {
      try losses.enumerated().map { try !run.endBatch($0, ["loss": $1]).isEmpty }
    }
    #expect(try saves([3, 4, 2]) == [true, false, true])
    try run.begin()
    #expect(try saves([.nan, 9]) == [false, true])
  }

  @Test func `a checkpoint to resume from is asked for with the whole`() throws {
    let run = try CallbackRun("model-checkpoint", ["monitor": .text("loss")])
    try run.begin()
    run.services.directions = ["loss": 1]
    #expect(
      try run.endEpoch(0, ["loss": 1]) == [
        "save_weights checkpoints/epoch-001.safetensors", "mark_checkpoint",
      ])
  }

  @Test func `removes the old file after the new one is saved`() throws {
    let run = try lightning(["monitor": .text("val_loss"), "filename": .text("{val_loss:.1f}")])
    #expect(try run.endEpoch(0, ["val_loss": 2]) == ["save_weights checkpoints/val_loss=2.0.ckpt"])
    #expect(
      try run.endEpoch(1, ["val_loss": 1]) == [
        "save_weights checkpoints/val_loss=1.0.ckpt", "remove checkpoints/val_loss=2.0.ckpt",
      ])
    #expect(try run.endEpoch(2, ["loss": 0]) == [], "nothing is saved because a metric is missing")
    #expect(run.files == ["checkpoints/val_loss=1.0.ckpt"])
  }

  @Test func `a name that is taken gets a version`() throws {
    let run = try lightning(["monitor": .text("val_loss"), "filename": .text("m"), "save_top_k": .int(2)])
    for (epoch, value) in [4.0, 3, 2, 1].enumerated() { try run.endEpoch(epoch, ["val_loss": value]) }
    #expect(run.files == ["checkpoints/m-v1.ckpt", "checkpoints/m.ckpt"])
  }

  @Test func `without a monitor the newest is kept`() throws {
    let run = try lightning(["save_last": .bool(true)])
    for epoch in 0..<3 {
      run.step += 5
      try run.endEpoch(epoch)
    }
    #expect(run.files == ["checkpoints/epoch=2-step=15.ckpt", "checkpoints/last.ckpt"])
  }

  @Test func `saves every n optimizer steps`() throws {
    let run = try lightning(["every_n_train_steps": .int(2), "save_top_k": .int(-1)])
    for batch in 0..<5 { try run.endBatch(batch) }
    try run.endEpoch(0)
    #expect(run.files == ["checkpoints/epoch=0-step=2.ckpt", "checkpoints/epoch=0-step=4.ckpt"])
  }

  static let epochs: [([String: OptionValue], [Int])] = [
    (["every_n_epochs": .int(0)], []), (["every_n_epochs": .int(1)], [0, 1, 2, 3, 4, 5]),
    (["every_n_epochs": .int(2)], [1, 3, 5]), (["every_n_epochs": .int(3)], [2, 5]),
    (["every_n_train_steps": .int(0)], []),
    (["every_n_train_steps": .int(0), "every_n_epochs": .int(3)], [2, 5]),
    (["every_n_train_steps": .int(4), "every_n_epochs": .int(0)], []),
  ]

  @Test(arguments: epochs)
  func `0 means never, and is no moment beside another`(options: [String: OptionValue], saved: [Int]) throws {
    let run = try lightning(options.merging(["save_top_k": .int(-1)]) { $1 })
    var epochs: [Int] = []
    for epoch in 0..<6 {
      try run.endBatch(0, epoch: epoch)
      if try !run.endEpoch(epoch).isEmpty { epochs.append(epoch) }
    }
    #expect(epochs == saved)
    if options["every_n_train_steps"] == .int(4) { #expect(run.files == ["checkpoints/epoch=3-step=4.ckpt"]) }
  }

  @Test func `saves when the time has passed, and goes on counting when it is resumed`() throws {
    let options: [String: OptionValue] = ["train_time_interval": .float(10), "save_top_k": .int(-1)]
    let run = try lightning(options)
    run.services.monotonic = 6_000_000_000
    #expect(try run.endBatch(0) == [])
    let resumed = try lightning(options)
    try resumed.begin(resuming: try run.state())
    resumed.step = 1
    resumed.services.monotonic = 4_000_000_000
    #expect(try resumed.endBatch(1) == ["save_weights checkpoints/epoch=0-step=2.ckpt"])
    #expect(try resumed.endBatch(2) == [])
  }

  @Test(arguments: [(TY_OUTCOME_FINISHED, 1), (TY_OUTCOME_STOPPED, 1), (TY_OUTCOME_INTERRUPTED, 0)])
  func `a run that saved nothing leaves its last weights`(outcome: Int32, saves: Int) throws {
    let run = try lightning(["every_n_epochs": .int(5), "save_last": .bool(true)])
    try run.endEpoch(0)
    #expect(try run.end(outcome).count == saves)
  }

  @Test func `a monitor that batches do not have is told once`() throws {
    let run = try run([
      "save_freq": .text("1"), "save_best_only": .bool(true), "monitor": .text("val_loss"),
    ])
    let lines = try (0..<3).flatMap { try run.endBatch($0, ["loss": 1]) }
    #expect(lines.count == 1)
    #expect(lines.first?.contains("'val_loss' is not there at the end of a batch") == true)
  }

  static let refused: [(options: [String: OptionValue], words: [String])] = [
    (["save_freq": .text("often")], ["'save_freq' is 'often'", "epoch", "from 1 on"]),
    (["save_freq": .text("0")], ["'save_freq' is '0'"]),
    (["save_top_k": .int(3)], ["'save_top_k' is 3", "rules: lightning"]),
    (["filename": .text("../x")], ["'../x'", "checkpoints/"]),
    (["filename": .text("{batch}")], ["{batch}", "save_freq"]),
    (["filename": .text("{epoch")], ["'{' without '}'"]),
    (["filename": .text("last.safetensors"), "save_last": .bool(true)], ["save_last"]),
    (["rules": .text("lightning"), "save_best_only": .bool(true)], ["'save_best_only' is true", "Keras"]),
    (["rules": .text("lightning"), "save_top_k": .int(2)], ["'save_top_k' is 2", "monitor"]),
    (["rules": .text("lightning"), "save_top_k": .int(-2)], ["save_top_k", "-2", "[-1, )"]),
    (
      ["rules": .text("lightning"), "every_n_epochs": .int(1), "train_time_interval": .float(9)],
      ["'every_n_epochs' and 'train_time_interval'"]
    ),
    (["rules": .text("lightning"), "mode": .text("auto")], ["'mode' is 'auto'"]),
  ]

  @Test(arguments: refused)
  func `says which option it cannot use`(options: [String: OptionValue], words: [String]) {
    expect(CallbackRun.refusal("model-checkpoint", options), has: ["model-checkpoint"] + words)
  }
}
