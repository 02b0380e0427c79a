import MLPCore
import PluginKit

/// The built-in model: dense layers, their optimizers and losses. The work is done in `MLPCore`.
final class MLP: Model {
  static let about = About(
    id: "mlp", version: "0.1.0",
    summary:
      "Multilayer perceptron: dense layers for classification and regression; none hidden is a linear model.")

  @Option("Units of each hidden layer; [] gives linear, logistic or softmax regression.", range: "[1, )")
  var hidden = [128]
  @Option("What hidden layers do to their sums. gelu is the exact one, x·Φ(x).")
  var activation = Activation.relu
  @Option("auto takes the one that fits the task; another one than that is an error.")
  var loss = Loss.auto
  @Option("How weights begin; biases begin at 0. The he_ ones suit deep stacks of relu.")
  var initializer = Initializer.glorotUniform
  @Option(
    "bf16 rounds what is multiplied, where the processor has dot products of bfloat16; weights stay float32.")
  var precision = Precision.float32

  @Option("How gradients become steps. adamw is adam with a weight_decay of 0.004.")
  var optimizer = OptimizerKind.adam
  @Option("Size of the steps. Without it 0.01 for sgd and 0.001 for the others.", range: "[0, )")
  var learningRate: Double?
  @Option("How much of the last step each step keeps; sgd and rmsprop.", range: "[0, 1]")
  var momentum = 0.0
  @Option("Looks one step of momentum ahead; sgd.")
  var nesterov = false
  @Option("Decay of the gradient's average; adam and adamw.", key: "beta_1", range: "[0, 1)")
  var beta1 = 0.9
  @Option("Decay of the squared gradient's average; adam and adamw.", key: "beta_2", range: "[0, 1)")
  var beta2 = 0.999
  @Option("Decay of the squared gradient's average; rmsprop.", range: "[0, 1)")
  var rho = 0.9
  @Option("Keeps divisions by small averages in bounds; adam, adamw and rmsprop.", range: "(0, )")
  var epsilon = 1e-7

  @Option(
    "Each step first shrinks all parameters by learning_rate times this. Without it 0.004 for adamw, else 0.",
    range: "[0, )")
  var weightDecay: Double?
  @Option("Adds this times the sum of the squared weights, without biases, to the loss.", range: "[0, )")
  var l2 = 0.0
  @Option("The part of each hidden layer's values that a training step sets to 0.", range: "[0, 1)")
  var dropout = 0.0
  @Option("Shrinks a gradient that is longer than this, over all parameters, to this length.", range: "(0, )")
  var clipNorm: Double?
  @Option("Cuts each number of the gradient to this size; not together with clip_norm.", range: "(0, )")
  var clipValue: Double?
  @Option("Adds up the gradients of so many batches for one step.", range: "[1, 2147483647]", unit: "batches")
  var accumulateGradBatches = 1

  private var perceptron = MultilayerPerceptron(Settings())

  func create(_ host: Host) throws {
    try settings.validate()
    perceptron = MultilayerPerceptron(settings)
  }

  private var settings: Settings {
    var settings = Settings()
    settings.hidden = hidden
    settings.activation = activation
    settings.loss = loss
    settings.initializer = initializer
    settings.precision = precision
    settings.optimizer = optimizer
    settings.learningRate = learningRate ?? optimizer.defaultLearningRate
    settings.momentum = momentum
    settings.nesterov = nesterov
    settings.beta1 = beta1
    settings.beta2 = beta2
    settings.rho = rho
    settings.epsilon = epsilon
    settings.weightDecay = weightDecay ?? optimizer.defaultWeightDecay
    settings.l2 = l2
    settings.dropout = dropout
    settings.clipNorm = clipNorm
    settings.clipValue = clipValue
    settings.accumulateGradBatches = accumulateGradBatches
    return settings
  }

  var progress: Progress {
    get { perceptron.progress }
    set { perceptron.progress = newValue }
  }

  func reset(seed: UInt64, task: TaskDescription) throws { try perceptron.reset(seed: seed, task: task) }
  var facts: ModelFacts { get throws { try perceptron.facts } }
  func trainStep(_ batch: Batch) throws -> StepResult { try perceptron.trainStep(batch) }
  func evaluate(_ batch: Batch) throws -> StepResult { try perceptron.evaluate(batch) }

  var weightCount: Int { perceptron.weightCount }
  func weight(at index: Int) -> Weight { perceptron.weight(at: index) }
  func assign(_ weight: Weight, at index: Int) throws { try perceptron.assign(weight, at: index) }

  var parameterNames: [String] { perceptron.parameterNames }
  func parameter(_ name: String) -> Double? { perceptron.parameter(name) }
  func setParameter(_ name: String, to value: Double) throws { try perceptron.setParameter(name, to: value) }

  func saveState(to sink: StateSink) throws {
    for tensor in perceptron.stateTensors { sink.put(tensor.name, tensor.tensor) }
  }
  func loadState(from source: StateSource) throws {
    try perceptron.loadState { try source.tensor($0) }
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(MLP.self, to: args, license: "Apache-2.0", author: "Trainyard")
}
