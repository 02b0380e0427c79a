import MLPKernels
import PluginKit

/// A multilayer perceptron that learns from batches: what the plugin `mlp` is, without the host.
///
/// Life: `init`, then for each run `reset`, `trainStep` and `evaluate` in any order. Buffers are laid out by
/// the first reset for a shape, and grow with the largest batch; a step allocates nothing.
public final class MultilayerPerceptron {
  public let settings: Settings
  /// All that a run can change, beside the tensors. Set when a checkpoint is loaded.
  public var progress: Progress
  private let optimizer: Optimizer
  private var network: Network?

  /// - Parameter settings: Valid ones; see `Settings.validate()`.
  public init(_ settings: Settings) {
    self.settings = settings
    optimizer = Optimizer(settings: settings)
    progress = Progress(settings, seed: 0)
  }

  /// Weights, optimizer and hyper-parameters as new. The same seed gives the same weights.
  public func reset(seed: UInt64, task: TaskDescription) throws {
    let output = try OutputLayer(task, loss: settings.loss)
    guard task.featureCount >= 1 else { throw PluginError("the data has no features") }
    let layout = try Layout(features: task.featureCount, hidden: settings.hidden, outputs: output.width)
    let network = try reusable(layout, output) ?? Network(layout, output, settings)
    try network.prepare(threads: task.threads, rows: task.batchSize)
    network.initialize(settings.initializer, seed: seed)
    self.network = network
    progress = Progress(settings, seed: seed)
  }

  private func reusable(_ layout: Layout, _ output: OutputLayer) -> Network? {
    guard let network, network.layout == layout, network.output.task == output.task else { return nil }
    return network
  }

  private func ready() throws -> Network {
    guard let network else { throw PluginError("the model was not reset for a task") }
    return network
  }

  public var facts: ModelFacts {
    get throws {
      let output = try ready().output
      return ModelFacts(
        task: output.task, width: output.isFlat ? 0 : output.width, resumesExactly: true)
    }
  }

  // MARK: Steps

  /// Forward, backward and, when enough batches have been added up, one optimizer step. A batch that is
  /// refused changes nothing.
  public func trainStep(_ batch: Batch) throws -> StepResult {
    let network = try ready()
    let examples = try Examples(batch, features: network.layout.sizes[0], network.output)
    guard examples.hasTarget else { throw PluginError("a training batch has no target") }
    try network.reserve(rows: examples.rows)
    let mode = mlp_flush_denormals()
    defer { mlp_restore_denormals(mode) }
    network.forward(examples, training: &progress)
    let loss = network.meanLoss(examples) + penalty(network)
    let isAdding = progress.accumulatedBatches > 0
    progress.accumulatedBatches += 1
    progress.accumulatedWeight += examples.weightSum
    let isStep = progress.accumulatedBatches >= progress.accumulateGradBatches || batch.endsPass
    if isStep, network.isInShares(rows: examples.rows),
      let update = optimizer.immediateStep(&progress, weight: progress.accumulatedWeight)
    {
      network.share(.gradient(examples, adding: isAdding, then: update), rows: examples.rows)
    } else {
      network.backward(examples, adding: isAdding)
      if isStep { optimizer.step(network, &progress, weight: progress.accumulatedWeight) }
    }
    if isStep {
      progress.accumulatedBatches = 0
      progress.accumulatedWeight = 0
    }
    return result(network, examples, loss: loss, steps: isStep ? 1 : 0)
  }

  /// Forward only, without dropout. Changes nothing but the memory of the prediction.
  public func evaluate(_ batch: Batch) throws -> StepResult {
    let network = try ready()
    let examples = try Examples(batch, features: network.layout.sizes[0], network.output)
    try network.reserve(rows: examples.rows)
    let mode = mlp_flush_denormals()
    defer { mlp_restore_denormals(mode) }
    network.forward(examples, training: nil)
    let loss = network.meanLoss(examples) + penalty(network)
    return result(network, examples, loss: loss, steps: 0)
  }

  private func penalty(_ network: Network) -> Double {
    settings.l2 > 0 ? settings.l2 * network.squaredWeights : 0
  }

  private func result(_ network: Network, _ examples: Examples, loss: Double, steps: Int) -> StepResult {
    let shape: TensorShape =
      network.output.isFlat
      ? TensorShape(examples.rows) : TensorShape(examples.rows, network.output.width)
    return StepResult(
      loss: loss, weight: examples.weightSum, optimizerSteps: steps,
      prediction: TensorView(network.predictions, .float32, shape: shape))
  }

  // MARK: Weights and state

  public var weightCount: Int { 2 * (network?.layout.layers.count ?? 0) }

  /// `layers.0.weight` `[inputs, outputs]`, `layers.0.bias` `[outputs]`, `layers.1.weight`, …
  public func weight(at index: Int) -> Weight {
    guard let network, index >= 0, index < weightCount else { preconditionFailure("no weight \(index)") }
    return network.tensor(at: index, of: network.parameters)
  }

  public func assign(_ weight: Weight, at index: Int) throws {
    try self.weight(at: index).copy(from: weight.tensor)
  }

  /// What is saved beside weights and `progress`: the optimizer's memory, and a gradient that waits for its
  /// step.
  public var stateTensors: [Weight] {
    guard let network else { return [] }
    var parts = optimizer.memory(of: network)
    if progress.accumulatedBatches > 0 { parts.append(("gradient", network.gradient)) }
    return parts.flatMap { name, base in
      (0..<weightCount).map { index in
        var tensor = network.tensor(at: index, of: base)
        tensor.name = "\(name).\(tensor.name)"
        return tensor
      }
    }
  }

  /// Fills the state's tensors after `progress` has been set: with what `saved` has by their names, else
  /// with 0.
  public func loadState(_ saved: (String) throws -> TensorView?) throws {
    try progress.validate()
    for tensor in stateTensors {
      if let view = try saved(tensor.name) {
        try tensor.copy(from: view)
      } else {
        tensor.tensor.floats.update(repeating: 0)
      }
    }
  }

  // MARK: Hyper-parameters

  public var parameterNames: [String] {
    HyperParameter.allCases.filter { $0 != .momentum || settings.optimizer.usesMomentum }.map(\.rawValue)
  }

  public func parameter(_ name: String) -> Double? {
    known(name).map { progress[$0] }
  }

  /// Asked in each step where a schedule runs: no list of names is made.
  private func known(_ name: String) -> HyperParameter? {
    guard let parameter = HyperParameter(rawValue: name) else { return nil }
    return parameter != .momentum || settings.optimizer.usesMomentum ? parameter : nil
  }

  public func setParameter(_ name: String, to value: Double) throws {
    guard let parameter = known(name) else {
      throw PluginError(
        "no hyper-parameter '\(name)'", help: "there are: \(parameterNames.joined(separator: ", "))")
    }
    try progress.set(parameter, to: value)
    if parameter == .momentum, value == 0, let network { optimizer.forgetVelocity(of: network) }
  }
}
