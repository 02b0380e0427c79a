import Glibc
import PluginKit

/// A model of Trainyard. `swift build` builds it, `swift test` proves that it keeps the contract.
///
/// As it stands it is a linear model trained by gradient descent with momentum: logistic regression for a binary task,
/// least squares for a regression of one number. Replace what it computes; keep the promises: `reset` with the same seed
/// gives the same weights, `evaluate` changes nothing, and what is not in the weights is saved.
final class {{Type}}: Model {
  static let about = About(
    id: "{{id}}", version: "0.1.0", summary: "A linear model, trained by gradient descent with momentum.")

  @Option("Size of the steps.", range: "(0, )")
  var learningRate = 0.1

  @Option("Share of the last step that each step keeps.", range: "[0, 1)")
  var momentum = 0.9

  /// What is small of what a run can change; the tensors are in `memory`.
  struct Progress: Codable {
    var learningRate = 0.0
  }
  var progress = Progress()

  private var task = TaskKind.binary
  private var memory = Memory(features: 0)
  /// Working memory, which no result depends on.
  private var prediction = Floats(count: 0)

  // MARK: Its life

  /// Before every run: weights, momentum and learning rate as new, for this task and from this seed.
  func reset(seed: UInt64, task: TaskDescription) throws {
    guard task.kind == .binary || task.kind == .regression && task.outputWidth == 1 else {
      throw PluginError("{{id}} serves binary tasks and regression of one number only")
    }
    self.task = task.kind
    progress = Progress(learningRate: learningRate)
    memory = Memory(features: task.featureCount)
    let scale = 1 / Double(task.featureCount).squareRoot()
    for feature in 0..<task.featureCount {
      memory.weights[feature] = Float(scale * uniform(seed &+ UInt64(feature)))
    }
  }

  var facts: ModelFacts { ModelFacts(task: task, width: 0, resumesExactly: true) }

  // MARK: Forward and backward

  func evaluate(_ batch: Batch) -> StepResult { forward(batch) }

  /// Loss and prediction are those before the step.
  func trainStep(_ batch: Batch) throws -> StepResult {
    guard let target = batch.target else { throw PluginError("a training batch without targets") }
    var result = forward(batch)
    // Without weight there is nothing to learn from.
    guard result.weight > 0 else { return result }
    let x = batch.features.floats
    let d = memory.features
    memory.gradient.update(repeating: 0)
    for row in 0..<batch.rows {
      let share = (batch.weight.map { $0.value(at: row) } ?? 1) / result.weight
      var slope = share * (Double(prediction.start[row]) - target.value(at: row))
      if task == .regression { slope *= 2 }
      for feature in 0..<d { memory.gradient[feature] += slope * Double(x[row * d + feature]) }
      memory.gradient[d] += slope
    }
    for index in 0...d {
      let change = momentum * Double(memory.steps[index]) - progress.learningRate * memory.gradient[index]
      memory.steps[index] = Float(change)
      memory.weights[index] += Float(change)
    }
    result.optimizerSteps = 1
    return result
  }

  private func forward(_ batch: Batch) -> StepResult {
    if prediction.count < batch.rows { prediction = Floats(count: batch.rows) }
    let x = batch.features.floats
    let d = memory.features
    var (lossSum, weightSum) = (0.0, 0.0)
    for row in 0..<batch.rows {
      let weight = batch.weight.map { $0.value(at: row) } ?? 1
      var score = Double(memory.weights[d])
      for feature in 0..<d { score += Double(x[row * d + feature]) * Double(memory.weights[feature]) }
      prediction.start[row] = Float(task == .binary ? 1 / (1 + exp(-score)) : score)
      if let truth = batch.target.map({ $0.value(at: row) }) {
        // log(1 + exp(score)) − truth · score, without overflow
        let logistic = max(score, 0) + log1p(exp(-abs(score))) - truth * score
        lossSum += weight * (task == .binary ? logistic : (score - truth) * (score - truth))
      }
      weightSum += weight
    }
    let loss = batch.target == nil ? .nan : weightSum > 0 ? lossSum / weightSum : 0
    return StepResult(
      loss: loss, weight: weightSum, optimizerSteps: 0,
      prediction: TensorView(prediction.start, .float32, shape: [batch.rows]))
  }

  // MARK: Weights, by name: callbacks see them, checkpoints keep them

  var weightCount: Int { 2 }

  func weight(at index: Int) -> Weight {
    let start = memory.floats.start
    return index == 0
      ? Weight(name: "weight", tensor: TensorView(start, .float32, shape: [memory.features]))
      : Weight(name: "bias", tensor: TensorView(start + memory.features, .float32, shape: [1]))
  }

  func assign(_ weight: Weight, at index: Int) {
    // It may be a view of this very weight.
    let place = self.weight(at: index).tensor
    memmove(place.base, weight.tensor.base, place.count * place.type.size)
  }

  // MARK: Hyper-parameters that schedulers may set while it trains

  var parameterNames: [String] { ["learning_rate"] }

  func parameter(_ name: String) -> Double? { name == "learning_rate" ? progress.learningRate : nil }

  func setParameter(_ name: String, to value: Double) throws {
    guard value >= 0 else { throw PluginError("\(name) must be 0 or more") }
    progress.learningRate = value
  }

  // MARK: State: all that is not in the weights; `progress` is saved by the kit

  func saveState(to sink: StateSink) {
    let steps = memory.floats.start + memory.features + 1
    sink.put("steps", TensorView(steps, .float32, shape: [memory.features + 1]))
  }

  func loadState(from source: StateSource) throws {
    guard let steps = try source.tensor("steps") else { return }
    guard steps.type == .float32, steps.count == memory.features + 1 else {
      throw PluginError("the saved state is of a model of another size")
    }
    for index in 0...memory.features { memory.steps[index] = steps.floats[index] }
  }

  /// SplitMix64; in [−1, 1).
  private func uniform(_ seed: UInt64) -> Double {
    var bits = seed &+ 0x9e37_79b9_7f4a_7c15
    bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
    bits ^= bits >> 31
    return Double(bits >> 11) * 0x1p-52 - 1
  }
}

/// Floats that stay where they are: views of them go to the host.
final class Floats {
  let start: UnsafeMutablePointer<Float>
  let count: Int

  init(count: Int) {
    self.count = count
    start = .allocate(capacity: max(1, count))
    start.initialize(repeating: 0, count: max(1, count))
  }

  deinit { start.deallocate() }
}

/// One weight for each feature, then the bias; and as many steps of the momentum behind them.
struct Memory {
  let features: Int
  let floats: Floats
  let weights: UnsafeMutableBufferPointer<Float>
  let steps: UnsafeMutableBufferPointer<Float>
  private let sums: Sums
  var gradient: UnsafeMutableBufferPointer<Double> { sums.values }

  init(features: Int) {
    self.features = features
    floats = Floats(count: 2 * (features + 1))
    weights = UnsafeMutableBufferPointer(start: floats.start, count: features + 1)
    steps = UnsafeMutableBufferPointer(start: floats.start + features + 1, count: features + 1)
    sums = Sums(count: features + 1)
  }

  private final class Sums {
    let values: UnsafeMutableBufferPointer<Double>
    init(count: Int) {
      values = .allocate(capacity: count)
      values.initialize(repeating: 0)
    }
    deinit { values.deallocate() }
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export({{Type}}.self, to: args)
}
