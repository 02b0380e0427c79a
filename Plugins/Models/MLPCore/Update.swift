import Glibc
import MLPKernels

/// The step of one moment: what it does to each parameter depends on that parameter's gradient and memory alone, so it may
/// be made in parts.
struct Update {
  private let kind: OptimizerKind
  /// The gradient is `scale` times what was added up.
  private let scale: Float
  private let rate, keep, momentum: Float
  private let isNesterov: Bool
  /// Adam's learning rate with both bias corrections.
  private let stepSize: Float
  private let beta1, beta2, rho: Double
  private let epsilon: Float

  /// - Parameter progress: Counts this step already.
  init(_ settings: Settings, _ progress: Progress, scale: Float) {
    kind = settings.optimizer
    self.scale = scale
    rate = Float(progress.learningRate)
    keep = Float(1 - progress.learningRate * progress.weightDecay)
    momentum = Float(progress.momentum)
    isNesterov = settings.nesterov
    (beta1, beta2, rho) = (settings.beta1, settings.beta2, settings.rho)
    epsilon = Float(settings.epsilon)
    switch kind {
    case .adam, .adamw:
      let step = Double(progress.optimizerSteps)
      let corrected = (1 - pow(beta2, step)).squareRoot() / (1 - pow(beta1, step))
      stepSize = Float(progress.learningRate * corrected)
    case .sgd, .rmsprop: stepSize = 0
    }
  }

  /// Changes `count` parameters of the network, from one on.
  func apply(to network: Network, from start: Int, count: Int) {
    let (w, g) = (network.parameters + start, network.gradient + start)
    let (first, second) = (network.first + start, network.second + start)
    switch kind {
    case .sgd where momentum == 0:
      mlp_sgd(w, g, count, scale, keep, rate)
    case .sgd:
      mlp_sgd_momentum(w, g, first, count, scale, keep, rate, momentum, isNesterov ? 1 : 0)
    case .adam, .adamw:
      mlp_adam(w, g, first, second, count, scale, keep, stepSize, beta1, beta2, epsilon)
    case .rmsprop:
      mlp_rmsprop(
        w, g, first, momentum == 0 ? nil : second, count, scale, keep, rate, rho, epsilon, momentum)
    }
  }
}
