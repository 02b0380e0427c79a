import CTrainyard
import PluginHost
import Support
import Testing

/// The moving average, and where it stands in the model.
@Suite struct EMAWeightsTests {
  /// A run of a model with one weight.
  private final class Run {
    let probe: CallbackProbe
    var model = ScalarModel()
    private var step: Int64 = 0

    init(_ options: [String: OptionValue]) throws { probe = try CallbackProbe("ema-weights", options) }

    func begin() throws {
      model = ScalarModel()
      model.show(probe.services)
      step = 0
      try probe.begin()
    }

    /// An optimizer step, after which the weight is this.
    func train(_ weights: Float..., steps: Int64 = 1) throws {
      for weight in weights {
        model.weight = weight
        step += steps
        var event = TestEvent()
        event.step = step
        model.apply(try probe.call(TY_HOOK_OPTIMIZER_STEP, event), probe.services)
      }
    }

    func call(_ hook: Int32, _ outcome: Int32 = TY_OUTCOME_NONE) throws {
      var event = TestEvent()
      event.outcome = outcome
      model.apply(try probe.call(hook, event), probe.services)
    }
  }

  @Test func `the first step is taken and later ones are blended`() throws {
    let run = try Run(["momentum": .float(0.75), "swap": .text("none")])
    try run.begin()
    try run.train(2)
    #expect(run.model.slot(0) == 2)
    try run.train(4, 8)
    #expect(run.model.slot(0) == 3.875)
    #expect(run.model.weight == 8)
    try run.call(TY_HOOK_TRAIN_END, TY_OUTCOME_FINISHED)
    #expect(run.model.weight == 3.875)
  }

  @Test func `the average overwrites the weights after every second step`() throws {
    let run = try Run(["momentum": .float(0.5), "overwrite_frequency": .int(2), "swap": .text("none")])
    try run.begin()
    try run.train(1)
    #expect(run.model.weight == 1)
    try run.train(3)
    #expect(run.model.weight == 2)
    try run.train(6)
    #expect(run.model.weight == 6)
  }

  @Test func `several steps of one call count as so many`() throws {
    let run = try Run(["momentum": .float(0.5), "overwrite_frequency": .int(3), "swap": .text("none")])
    try run.begin()
    try run.train(0)
    try run.train(8, steps: 3)
    #expect(run.model.slot(0) == 7)
    #expect(run.model.weight == 7, "the third step is among them")
  }

  static let places: [(swap: String, validation: Float, epochEnd: Float)] = [
    ("none", 3, 3), ("validation", 2, 3), ("epoch", 2, 2),
  ]

  @Test(arguments: places)
  func `the average stands where swap says, and training goes on with its own weights`(
    swap: String, validation: Float, epochEnd: Float
  ) throws {
    let run = try Run(["momentum": .float(0.5), "swap": .text(swap)])
    try run.begin()
    try run.call(TY_HOOK_EPOCH_BEGIN)
    try run.train(1, 3)
    try run.call(TY_HOOK_VALIDATION_BEGIN)
    #expect(run.model.weight == validation)
    try run.call(TY_HOOK_VALIDATION_END)
    #expect(run.model.weight == 3)
    try run.call(TY_HOOK_EPOCH_END)
    #expect(run.model.weight == epochEnd)
    try run.call(TY_HOOK_EPOCH_BEGIN)
    #expect(run.model.weight == 3)
    #expect(run.model.slot(0) == 2)
  }

  @Test(arguments: [TY_OUTCOME_FINISHED, TY_OUTCOME_STOPPED], ["none", "validation", "epoch"])
  func `a run that ends properly ends with the average`(outcome: Int32, swap: String) throws {
    let run = try Run(["momentum": .float(0.5), "swap": .text(swap)])
    try run.begin()
    try run.call(TY_HOOK_EPOCH_BEGIN)
    try run.train(1, 3)
    try run.call(TY_HOOK_EPOCH_END)
    try run.call(TY_HOOK_TRAIN_END, outcome)
    #expect(run.model.weight == 2)
  }

  @Test(arguments: [TY_OUTCOME_FAILED, TY_OUTCOME_INTERRUPTED], [true, false])
  func `after an error in validation the weights of training are back`(outcome: Int32, isRaised: Bool) throws
  {
    let run = try Run(["momentum": .float(0.5)])
    try run.begin()
    try run.call(TY_HOOK_EPOCH_BEGIN)
    try run.train(1, 3)
    try run.call(TY_HOOK_VALIDATION_BEGIN)
    if isRaised { try run.call(TY_HOOK_EXCEPTION) }
    try run.call(TY_HOOK_TRAIN_END, outcome)
    #expect(run.model.weight == 3)
  }

  @Test func `after an error in training nothing is changed`() throws {
    let run = try Run([:])
    try run.begin()
    try run.train(1, 3)
    #expect(try run.probe.call(TY_HOOK_EXCEPTION) == [])
    #expect(try run.probe.end(TY_OUTCOME_FAILED) == [])
  }

  @Test func `without a step there is nothing to swap`() throws {
    let probe = try CallbackProbe("ema-weights")
    try probe.begin()
    #expect(try probe.call(TY_HOOK_VALIDATION_BEGIN) == [])
    #expect(try probe.endEpoch(0) == [])
    #expect(try probe.beginEpoch(1) == [])
  }

  @Test func `reset forgets the swap and the steps of an aborted run`() throws {
    let run = try Run(["momentum": .float(0.5), "overwrite_frequency": .int(2)])
    try run.begin()
    try run.train(1)
    try run.call(TY_HOOK_VALIDATION_BEGIN)
    try run.begin()
    #expect(try run.probe.beginEpoch(0) == [])
    try run.train(5)
    #expect(run.model.weight == 5, "the first step of two")
    #expect(run.model.slot(0) == 5)
  }

  @Test func `a resumed run swaps back what its checkpoint has swapped`() throws {
    let run = try Run(["momentum": .float(0.5)])
    try run.begin()
    try run.train(1, 3)
    try run.call(TY_HOOK_EPOCH_END)
    let state = try run.probe.instance.saveState()
    let held = run.model
    let again = try CallbackProbe("ema-weights", ["momentum": .float(0.5)])
    try again.instance.reset()
    try again.instance.loadState(state)
    held.show(again.services)
    try again.call(TY_HOOK_TRAIN_BEGIN)
    #expect(try again.beginEpoch(1) == ["slot_swap 0"])
  }

  @Test func `a momentum out of range is refused`() {
    #expect(refusal(of: "ema-weights", options: ["momentum": .float(1.5)]).contains("momentum"))
    #expect(
      refusal(of: "ema-weights", options: ["overwrite_frequency": .int(0)]).contains("overwrite_frequency"))
  }
}
