import CTrainyard
import PluginHost
import Support
import Testing

/// Learning rates and averages by Lightning's rules.
@Suite struct StochasticWeightAveragingTests {
  private struct Outcome {
    var rates: [Double] = []
    var weight: Float = 0
    var warnings: [String] = []
  }

  /// Epoch e trains the model to weight e + 1; the model begins at -1.
  private func run(
    _ probe: CallbackProbe, epochs: Int, outcome: Int32 = TY_OUTCOME_FINISHED, rate: Float = 0.1
  ) throws -> Outcome {
    var model = ScalarModel()
    var result = Outcome()
    model.rate = rate
    model.show(probe.services)
    try probe.instance.reset()
    let begun = try probe.call(TY_HOOK_TRAIN_BEGIN)
    result.warnings = begun.filter { $0.hasPrefix("log warning") }
    model.apply(begun, probe.services)
    for epoch in 0..<epochs {
      model.apply(try probe.beginEpoch(epoch), probe.services)
      result.rates.append(Double(model.rate))
      model.weight = Float(epoch + 1)
    }
    model.apply(try probe.end(outcome), probe.services)
    result.weight = model.weight
    return result
  }

  private func probe(
    _ start: String, annealing: Int64 = 2, _ strategy: String = "linear", epochs: Int64 = 6
  ) throws -> CallbackProbe {
    try CallbackProbe(
      "stochastic-weight-averaging",
      [
        "swa_lrs": .float(0.05), "swa_epoch_start": .text(start), "annealing_epochs": .int(annealing),
        "annealing_strategy": .text(strategy),
      ], epochs: epochs)
  }

  private func isNear(_ found: [Double], _ expected: [Double]) -> Bool {
    found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) < 1e-7 }
  }

  static let rates: [(start: String, annealing: Int64, strategy: String, rates: [Double])] = [
    ("3", 2, "linear", [0.1, 0.1, 0.1, 0.075, 0.05, 0.05]),
    ("3", 2, "cos", [0.1, 0.1, 0.1, 0.075, 0.05, 0.05]),
    ("3", 3, "cos", [0.1, 0.1, 0.1, 0.0875, 0.0625, 0.05]),
    ("0.5", 1, "linear", [0.1, 0.1, 0.1, 0.05, 0.05, 0.05]),
    ("0.0", 4, "linear", [0.1, 0.0875, 0.075, 0.0625, 0.05, 0.05]),
    ("0", 4, "linear", [0.1, 0.0875, 0.075, 0.0625, 0.05, 0.05]),
    ("1", 4, "linear", [0.1, 0.0875, 0.075, 0.0625, 0.05, 0.05]),
    ("1.0", 0, "linear", [0.1, 0.1, 0.1, 0.1, 0.1, 0.05]),
    ("5", 0, "cos", [0.1, 0.1, 0.1, 0.1, 0.05, 0.05]),
  ]

  @Test(arguments: rates)
  func `the learning rate is annealed from the first averaged epoch on`(
    start: String, annealing: Int64, strategy: String, rates: [Double]
  ) throws {
    let found = try run(try probe(start, annealing: annealing, strategy), epochs: 6).rates
    #expect(isNear(found, rates), "\(found)")
  }

  static let ends: [(start: String, weight: Float)] = [
    // The weights that epochs 2 to 5 begin with are 2, 3, 4, 5.
    ("3", 3.5), ("0.5", 3.5), ("6", 5), ("1.0", 5),
    // From the untrained weight on: -1, 1, 2, 3, 4, 5.
    ("1", 14.0 / 6), ("0", 14.0 / 6),
  ]

  @Test(arguments: ends)
  func `a finished run ends with the mean of the weights that its epochs began with`(
    start: String, weight: Float
  ) throws {
    #expect(abs(try run(try probe(start), epochs: 6).weight - weight) < 1e-6)
  }

  @Test func `a stopped run ends with the average that it has`() throws {
    #expect(try run(try probe("3"), epochs: 4, outcome: TY_OUTCOME_STOPPED).weight == 2.5)
    #expect(try run(try probe("6"), epochs: 4, outcome: TY_OUTCOME_STOPPED).weight == 4)
  }

  @Test(arguments: [TY_OUTCOME_INTERRUPTED, TY_OUTCOME_FAILED])
  func `a run that was cut off keeps its weights`(outcome: Int32) throws {
    #expect(try run(try probe("1"), epochs: 4, outcome: outcome).weight == 4)
  }

  @Test func `averaging that would begin too late is announced`() throws {
    let result = try run(try probe("10"), epochs: 6)
    #expect(result.warnings.count == 1)
    #expect(result.warnings.first?.contains("epoch 10, and this run has 6") == true)
    #expect(result.weight == -1, "as in Lightning")
  }

  @Test func `a reused instance takes fraction and learning rate of the new run`() throws {
    let probe = try probe("0.5")
    _ = try run(probe, epochs: 6)
    probe.services.facts?.epochs = 4
    let reused = try run(probe, epochs: 4, rate: 0.2)
    #expect(isNear(reused.rates, [0.2, 0.2, 0.125, 0.05]), "\(reused.rates)")
    #expect(reused.weight == 2)
  }

  @Test func `what cannot be is refused`() throws {
    let id = "stochastic-weight-averaging"
    #expect(refusal(of: id, options: [:]).contains("swa_lrs"))
    #expect(refusal(of: id, options: ["swa_lrs": .float(0)]).contains("swa_lrs"))
    for start in ["2.5", "-1", "1.5", "inf", "nan", "", "half"] {
      #expect(
        refusal(of: id, options: ["swa_lrs": .float(1), "swa_epoch_start": .text(start)]).contains(
          "swa_epoch_start is \(start), and must be"))
    }
    let probe = try CallbackProbe(id, ["swa_lrs": .float(1)])
    probe.services.parameters = [("momentum", 0.9)]
    try probe.instance.reset()
    let failure = #expect(throws: PluginFailure.self) { try probe.call(TY_HOOK_TRAIN_BEGIN) }
    #expect(failure?.words.contains("no hyper-parameter 'learning_rate'") == true)
  }
}
