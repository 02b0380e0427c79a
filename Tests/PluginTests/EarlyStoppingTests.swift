import CTrainyard
import PluginHost
import Testing

@Suite struct EarlyStoppingTests {
  /// The epoch of the stop and its reason.
  private func stop(_ run: CallbackRun, _ values: [Double?]) throws -> (epoch: Int, reason: String)? {
    for (epoch, value) in values.enumerated() {
      try run.beginEpoch(epoch)
      let effects = try run.endEpoch(epoch, value.map { ["val_loss": $0] } ?? ["loss": 1])
      if let reason = effects.first(where: { $0.hasPrefix("stop") }) { return (epoch, reason) }
    }
    return nil
  }

  private func lightning(_ options: [String: OptionValue] = [:]) throws -> CallbackRun {
    let run = try CallbackRun(
      "early-stopping",
      options.merging(["rules": .text("lightning"), "monitor": .text("val_loss")]) { $1 })
    try run.begin()
    return run
  }

  static let lightningRuns:
    [(options: [String: OptionValue], values: [Double?], epoch: Int?, code: String, why: Comment)] = [
      ([:], [1, 1, 1, 1], 3, "PATIENCE_EXHAUSTED", "patience is 3"),
      (["patience": .int(0)], [1, 2], 1, "PATIENCE_EXHAUSTED", "0 is the same as 1"),
      ([:], [1, .nan], 1, "NON_FINITE_METRIC", "NaN stops at once"),
      ([:], [-.infinity], 0, "NON_FINITE_METRIC", "infinity as well, and in the first epoch"),
      (
        ["check_finite": .bool(false), "patience": .int(2)], [.nan, .nan], 1, "PATIENCE_EXHAUSTED", "a miss"
      ),
      (["stopping_threshold": .float(0.5)], [1, 0.5, 0.4], 2, "STOPPING_THRESHOLD", "strictly better"),
      (["divergence_threshold": .float(2)], [1, 2, 3], 2, "DIVERGENCE_THRESHOLD", "strictly worse"),
      (
        ["min_delta": .float(-0.5), "patience": .int(1)], [1, 1.25, 1.5, 2], 3, "PATIENCE_EXHAUSTED",
        "its sign"
      ),
      (["patience": .int(2)], [1, nil, 1, nil, nil, 1], 5, "PATIENCE_EXHAUSTED", "absent is not counted"),
      (["strict": .bool(false)], [nil, nil, nil, nil, nil], nil, "", "nothing to count"),
    ]

  @Test(arguments: lightningRuns) func `stops by the rules of Lightning`(
    options: [String: OptionValue], values: [Double?], epoch: Int?, code: String, why: Comment
  ) throws {
    let run = try lightning(options)
    let found = try stop(run, values)
    #expect(found?.epoch == epoch, why)
    if epoch != nil {
      #expect(found?.reason.contains("(\(code))") == true, why)
      #expect(try run.state()["reason"] == .bytes(Array(code.utf8)), why)
    }
  }

  @Test func `a metric that has not been there yet ends a strict run of Lightning's`() throws {
    let run = try lightning()
    let failure = #expect(throws: PluginFailure.self) { try stop(run, [nil, 1]) }
    #expect(failure?.words.hasPrefix("epoch 1 has no 'val_loss', and no epoch before it had") == true)
    // Once it has been there, an epoch without it is not counted.
    let patient = try lightning()
    #expect(try stop(patient, [1, nil, 1, nil, 1, 1])?.epoch == 5)
  }

  @Test func `a second run starts from nothing`() throws {
    let run = try lightning(["patience": .int(2)])
    #expect(try stop(run, [1, 2, 3])?.epoch == 2)
    try run.begin()
    #expect(try stop(run, [9, 8, 7, 7, 7])?.epoch == 4)
  }

  static let refused: [(options: [String: OptionValue], words: [String])] = [
    (["rules": .text("lightning")], ["'monitor' is missing"]),
    (["stopping_threshold": .float(1)], ["'stopping_threshold' is 1.0", "Lightning", "rules: lightning"]),
    (["check_finite": .bool(true)], ["'check_finite' is true", "rules is 'keras'"]),
    (
      ["rules": .text("lightning"), "monitor": .text("a"), "baseline": .float(1)],
      ["'baseline' is 1.0", "Keras", "leave baseline out"]
    ),
    (
      ["rules": .text("lightning"), "monitor": .text("a"), "mode": .text("auto")],
      ["'mode' is 'auto'", "min or max"]
    ),
    (["patience": .int(-1)], ["patience", "-1", "[0, )"]),
    (["baseline": .float(.nan)], ["'baseline' of", "is nan"]),
    (["min_delta": .float(.infinity)], ["'min_delta' of", "is inf", "finite"]),
    (
      ["rules": .text("lightning"), "monitor": .text("a"), "min_delta": .float(-.infinity)],
      ["'min_delta' of", "is -inf", "finite"]
    ),
  ]

  @Test(arguments: refused)
  func `says which option it cannot use`(options: [String: OptionValue], words: [String]) {
    expect(CallbackRun.refusal("early-stopping", options), has: ["early-stopping"] + words)
  }
}
