import CTrainyard
import PluginHost
import Testing
import Training

@testable import Trainyard

@Suite struct InstanceContextTests {
  private func context(_ name: String = "a", prefix: String = "", run: RunContext = RunContext())
    -> Trainyard.InstanceContext
  {
    Trainyard.InstanceContext(
      run: run, effects: EffectQueue(), party: "callback '\(name)'", name: name, metricPrefix: prefix)
  }

  private func numbers(_ context: Trainyard.InstanceContext) -> [UInt64] {
    context.rewind()
    return (0..<4).map { _ in context.nextRandom() }
  }

  @Test func `the random stream starts again at each reset, from the run's seed and the name`() {
    let run = RunContext()
    let (a, b) = (context("a", run: run), context("b", run: run))
    run.seed = 1
    let first = numbers(a)
    #expect(Set(first).count == 4 && numbers(a) == first && numbers(b) != first)
    run.seed = 2
    #expect(numbers(a) != first)
    run.seed = 1
    #expect(numbers(a) == first && numbers(context("a", run: run)) == first)
  }

  @Test func `metrics of the validation pass have the prefix`() {
    let run = RunContext()
    let ids = [context(run: run), context(prefix: "val_", run: run)].map {
      $0.declareMetric("accuracy", direction: 2, phase: 2)
    }
    run.metrics.beginRun()
    #expect(run.metrics.declared.map(\.name) == ["accuracy", "val_accuracy"])
    #expect(context(run: run).metricDirection(ids[1]) == 2)
    #expect(context(run: run).metricName(ids[1]).map { String(cString: $0) } == "val_accuracy")
    #expect(context(run: run).metricName(99) == nil && context(run: run).metricDirection(99) == 0)
  }

  @Test func `without a run, a model and a folder there is nothing to see`() {
    let context = context()
    #expect(context.runFacts == nil && context.weightCount == 0 && context.fileSize("x") == -1)
    #expect(
      context.parameter("learning_rate") == nil && !context.isSlotFilled(0) && !context.isSlotFilled(99))
    var weight = ty_weight()
    #expect(!context.weight(0, into: &weight))
  }

  @Test func `effects are queued in order`() {
    let context = context()
    context.publish(3, 0.5)
    context.slotTake(2)
    context.log(9, "hm")
    context.stop("done")
    let texts = context.effects.effects.map { "\($0)" }
    #expect(texts.map { $0.prefix { $0 != "(" } } == ["publish", "takeSlot", "log", "stop"])
    #expect(texts[2].contains("info"), "an unknown level is no error")
  }
}
