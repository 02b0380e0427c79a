import PluginKit
import Testing

@testable import CallbackCore

@Suite struct ScheduleTests {
  /// Rates at times 0, 1, 2, … of a run that began with 0.1. Worked out by hand from the formulas of the README.
  static let cases: [(Schedule.Name, parameters: String, rates: [Float])] = [
    (.constant, "{}", [0.1, 0.1]),
    (.constant, #"{"learning_rate": 0.25}"#, [0.25, 0.25]),
    (.stepDrop, #"{"initial": 1, "drop": 0.5, "every": 2}"#, [1, 1, 0.5, 0.5, 0.25]),
    (.stepDrop, #"{"every": 1}"#, [0.1, 0.05, 0.025]),
    (.step, #"{"initial_learning_rate": 1, "step_size": 2}"#, [1, 1, 0.1, 0.1, 0.01]),
    (.multiStep, #"{"initial_learning_rate": 8, "milestones": [1, 3], "gamma": 0.5}"#, [8, 4, 4, 2, 2]),
    (.exponential, #"{"initial": 1, "k": 0.6931471805599453}"#, [1, 0.5, 0.25]),
    (.expAfter, #"{"start": 2, "k": 0.6931471805599453}"#, [0.1, 0.1, 0.05, 0.025]),
    (.halveEvery, #"{"every": 2}"#, [0.1, 0.1, 0.05, 0.05, 0.025]),
    (.linearWarmup, #"{"target": 1, "warmup": 4}"#, [0.25, 0.5, 0.75, 1, 1]),
    (
      .exponentialDecay, #"{"initial_learning_rate": 1, "decay_steps": 2, "decay_rate": 0.25}"#,
      [1, 0.5, 0.25]
    ),
    (
      .exponentialDecay,
      #"{"initial_learning_rate": 1, "decay_steps": 2, "decay_rate": 0.25, "staircase": true}"#,
      [1, 1, 0.25, 0.25]
    ),
    (
      .inverseTimeDecay, #"{"initial_learning_rate": 1, "decay_steps": 1, "decay_rate": 1}"#, [1, 0.5, 1 / 3]
    ),
    (
      .piecewiseConstantDecay, #"{"boundaries": [1, 3], "values": [3, 2, 1]}"#,
      [3, 3, 2, 2, 1, 1]
    ),
    (
      .polynomialDecay, #"{"initial_learning_rate": 1, "decay_steps": 4, "end_learning_rate": 0.5}"#,
      [1, 0.875, 0.75, 0.625, 0.5, 0.5]
    ),
    (
      .polynomialDecay,
      #"{"initial_learning_rate": 1, "decay_steps": 2, "end_learning_rate": 0, "cycle": true}"#,
      [1, 0.5, 0, 0.25, 0, 1 / 6]
    ),
    (.cosineDecay, #"{"initial_learning_rate": 1, "decay_steps": 2}"#, [1, 0.5, 0, 0]),
    (
      .cosineDecay,
      #"{"initial_learning_rate": 0, "decay_steps": 2, "warmup_target": 1, "warmup_steps": 2, "alpha": 0.5}"#,
      [0, 0.5, 1, 0.75, 0.5, 0.5]
    ),
    (
      .cosineDecayRestarts,
      #"{"initial_learning_rate": 1, "first_decay_steps": 2, "t_mul": 1, "m_mul": 0.5}"#,
      [1, 0.5, 0.5, 0.25, 0.25]
    ),
    (
      .cosineDecayRestarts, #"{"initial_learning_rate": 1, "first_decay_steps": 2}"#,
      [1, 0.5, 1, 0.8535534, 0.5, 0.14644661, 1]
    ),
    // Up in 0.3 · 10 − 1 = 2 steps, down in 7.
    (
      .oneCycle, #"{"max_lr": 1, "total_steps": 10, "anneal_strategy": "linear", "final_div_factor": 1}"#,
      [0.04, 0.52, 1, 0.862857, 0.725714, 0.588571, 0.451429, 0.314286, 0.177143, 0.04, 0.04]
    ),
    (
      .oneCycle,
      #"{"max_lr": 1, "total_steps": 10, "anneal_strategy": "linear", "final_div_factor": 4, "three_phase": true}"#,
      [0.04, 0.52, 1, 0.52, 0.04, 0.034, 0.028, 0.022, 0.016, 0.01]
    ),
  ]

  @Test(arguments: cases)
  func `gives the rates of its formula`(name: Schedule.Name, parameters: String, rates: [Float]) throws {
    let schedule = try Schedule(name, JSONText(parameters))
    var rate = 0.1
    for (time, expected) in rates.enumerated() {
      let found = try schedule.rate(at: .init(time: time, rate: rate, initialRate: 0.1))
      #expect(abs(found - expected) < 1e-6, "at \(time): \(found), not \(expected)")
      rate = Double(found)
    }
  }

  @Test func `goes up and down as a half cosine by default`() throws {
    let schedule = try Schedule(.oneCycle, JSONText(#"{"max_lr": 1, "total_steps": 11, "pct_start": 0.5}"#))
    let rates = try (0..<11).map { try schedule.rate(at: .init(time: $0, rate: 0, initialRate: 0)) }
    #expect(rates[0] == 0.04)
    #expect(rates.max() == rates[4] || rates.max() == rates[5])
    #expect(abs(rates[10] - 4e-6) < 1e-9)
  }

  static let refused: [(Schedule.Name, parameters: String?, words: [String])] = [
    (.cosineDecay, nil, ["'cosine-decay'", "'decay_steps' is missing"]),
    (.cosineDecay, #"{"decay_step": 3}"#, ["'decay_step'", "did you mean 'decay_steps'?"]),
    (.cosineDecay, #"{"decay_steps": 0}"#, ["'decay_steps' is 0", "above 0"]),
    (.cosineDecay, #"{"decay_steps": "many"}"#, ["'decay_steps' is 'many'", "a number"]),
    (.stepDrop, #"{"every": 1.5}"#, ["'every' is 1.5", "whole number"]),
    (.piecewiseConstantDecay, #"{"boundaries": [1], "values": [1]}"#, ["1 boundaries and 1 values"]),
    (.piecewiseConstantDecay, #"{"boundaries": [2, 1], "values": [1, 2, 3]}"#, ["must rise"]),
    (
      .oneCycle, #"{"max_lr": 1, "total_steps": 9, "anneal_strategy": "cosine"}"#,
      ["'cosine'", "cos, linear"]
    ),
    (
      .oneCycle, #"{"max_lr": 1, "total_steps": 90, "three_phase": true, "pct_start": 0.7}"#,
      ["overlap", "0.5"]
    ),
    (.constant, #"{"rate": 1}"#, ["'rate'", "learning_rate"]),
    (.constant, "[1]", ["not a table"]),
    (.constant, #"{"learning_rate": 1"#, ["not JSON"]),
  ]

  @Test(arguments: refused)
  func `refuses parameters it cannot use`(name: Schedule.Name, parameters: String?, words: [String]) {
    let error = #expect(throws: PluginError.self) { try Schedule(name, parameters.map { JSONText($0) }) }
    for word in words { #expect(error?.description.contains(word) == true, "\(error?.description ?? "")") }
  }

  @Test func `a rate that is none is an error`() throws {
    let schedule = try Schedule(.exponential, JSONText(#"{"initial": 1, "k": -1000}"#))
    #expect(throws: PluginError.self) { try schedule.rate(at: .init(time: 2, rate: 1, initialRate: 1)) }
  }
}
