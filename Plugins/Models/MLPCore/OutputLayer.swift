import MLPKernels
import PluginKit

/// What the last layer answers and how it is judged: the task and its loss together.
enum OutputLayer {
  /// Sigmoid and binary cross-entropy: one probability.
  case logistic
  /// Softmax and categorical cross-entropy: a probability for each class.
  case softmax(classes: Int)
  /// No activation, and the squared error's mean over the width.
  case linear(width: Int)

  init(_ task: TaskDescription, loss: Loss) throws {
    let fitting: Loss
    switch task.kind {
    case .binary: (self, fitting) = (.logistic, .binaryCrossentropy)
    case .classes:
      guard task.outputWidth >= 2 else {
        throw PluginError("the data has \(task.outputWidth) classes, and a classifier needs 2 or more")
      }
      (self, fitting) = (.softmax(classes: task.outputWidth), .categoricalCrossentropy)
    case .regression:
      guard task.outputWidth >= 1 else { throw PluginError("the regression target has no numbers") }
      (self, fitting) = (.linear(width: task.outputWidth), .meanSquaredError)
    case .ranking:
      throw PluginError("mlp cannot rank", help: "it serves binary, classes and regression tasks")
    }
    guard loss == .auto || loss == fitting else {
      throw PluginError(
        "loss '\(loss.rawValue)' does not fit a \(task.kind) task",
        help: "set 'loss' to auto or \(fitting.rawValue)")
    }
  }

  var task: TaskKind {
    switch self {
    case .logistic: .binary
    case .softmax: .classes
    case .linear: .regression
    }
  }

  var width: Int {
    switch self {
    case .logistic: 1
    case .softmax(let classes): classes
    case .linear(let width): width
    }
  }

  /// One number a row is a prediction of shape `[n]`.
  var isFlat: Bool {
    switch self {
    case .logistic: true
    case .softmax: false
    case .linear(let width): width == 1
    }
  }

  /// Turns sums into predictions in place, and fills `losses`, one for each row, where there is a target.
  func activate(_ z: UnsafeMutablePointer<Float>, losses: UnsafeMutablePointer<Float>, _ examples: Examples) {
    let rows = examples.rows
    switch self {
    case .logistic: mlp_logistic(z, losses, examples.labels, rows)
    case .softmax(let classes): mlp_softmax(z, losses, examples.labels, rows, classes)
    case .linear(let width):
      if let numbers = examples.numbers { mlp_squared_error(z, losses, numbers, rows, width) }
    }
  }

  /// The gradient of Σwl by the sums, from the predictions.
  func gradient(
    _ delta: UnsafeMutablePointer<Float>, of predictions: UnsafePointer<Float>, _ examples: Examples
  ) {
    let rows = examples.rows
    switch self {
    case .logistic:
      mlp_logistic_gradient(delta, predictions, examples.labels, rows)
    case .softmax(let classes):
      mlp_softmax_gradient(delta, predictions, examples.labels, rows, classes)
    case .linear(let width):
      mlp_squared_error_gradient(delta, predictions, examples.numbers, rows, width)
    }
    if let weights = examples.weights { mlp_weigh_rows(delta, weights, rows, width) }
  }
}
