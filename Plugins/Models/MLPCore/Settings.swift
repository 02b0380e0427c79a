import MLPKernels
import PluginKit

/// What the user chose; no run changes it. Defaults are those of Keras 3 where Keras has one.
public struct Settings: Sendable, Equatable {
  /// Widths of the hidden layers; empty: linear, logistic or softmax regression.
  public var hidden = [128]
  public var activation = Activation.relu
  public var loss = Loss.auto
  public var initializer = Initializer.glorotUniform
  public var precision = Precision.float32

  public var optimizer = OptimizerKind.adam
  public var learningRate = 0.001
  /// For sgd and rmsprop.
  public var momentum = 0.0
  /// For sgd.
  public var nesterov = false
  /// For adam and adamw.
  public var beta1 = 0.9
  public var beta2 = 0.999
  /// For rmsprop.
  public var rho = 0.9
  /// For adam, adamw and rmsprop.
  public var epsilon = 1e-7

  /// Decoupled from the gradient: each step multiplies the parameters by 1 - learning rate · weight decay.
  public var weightDecay = 0.0
  /// `l2 · Σw²` over the weights, not the biases, is part of the loss.
  public var l2 = 0.0
  /// The part of each hidden layer's values that a training step drops.
  public var dropout = 0.0
  /// At most one of the two.
  public var clipNorm: Double?
  public var clipValue: Double?
  public var accumulateGradBatches = 1

  public init() {}

  /// Checks what the ranges of single options cannot say.
  public func validate() throws {
    if clipNorm != nil && clipValue != nil {
      throw PluginError("both 'clip_norm' and 'clip_value' are given", help: "choose one of the two")
    }
    if momentum > 0 && !optimizer.usesMomentum {
      throw PluginError(
        "'momentum' is \(momentum), and optimizer '\(optimizer.rawValue)' has none",
        help: "leave 'momentum' out, or set 'optimizer' to sgd or rmsprop")
    }
    if nesterov && optimizer != .sgd {
      throw PluginError(
        "'nesterov' is true, and optimizer '\(optimizer.rawValue)' has no Nesterov momentum",
        help: "leave 'nesterov' out, or set 'optimizer' to sgd")
    }
    if precision == .bf16 && mlp_bf16_kernels() == MLP_BF16_NONE {
      throw PluginError(
        "'precision' is bf16, and this processor has no dot products of bfloat16 (AVX512_BF16)",
        help: "set 'precision' to float32")
    }
    if let width = hidden.first(where: { $0 < 1 }) {
      throw PluginError("'hidden' holds \(width), and a layer has at least one unit")
    }
  }
}

/// What a hidden layer does to its sums.
public enum Activation: String, OptionChoice, Sendable {
  case relu, tanh
  /// x·Φ(x), without an approximation of Φ by tanh.
  case gelu
  case sigmoid
}

public enum Loss: String, OptionChoice, Sendable {
  /// The one that fits the task.
  case auto
  case categoricalCrossentropy = "categorical_crossentropy"
  case binaryCrossentropy = "binary_crossentropy"
  case meanSquaredError = "mean_squared_error"
}

public enum OptimizerKind: String, OptionChoice, Sendable {
  case sgd, adam, adamw, rmsprop

  public var defaultLearningRate: Double { self == .sgd ? 0.01 : 0.001 }
  public var defaultWeightDecay: Double { self == .adamw ? 0.004 : 0 }
  public var usesMomentum: Bool { self == .sgd || self == .rmsprop }
}

/// What matrices are rounded to before they are multiplied. Sums, parameters and all else are float32.
public enum Precision: String, OptionChoice, Sendable {
  case float32, bf16
}

/// How the weights begin. Biases begin at 0.
public enum Initializer: String, OptionChoice, Sendable {
  case glorotUniform = "glorot_uniform"
  case glorotNormal = "glorot_normal"
  case heUniform = "he_uniform"
  case heNormal = "he_normal"
}
