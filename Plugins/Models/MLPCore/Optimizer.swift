import Glibc
import MLPKernels

/// One optimizer step on a network, from its gradient and the hyper-parameters of the moment.
///
/// In Keras's order: the penalty's gradient, clipping, decoupled weight decay, update.
struct Optimizer {
  let settings: Settings

  /// - Parameter weight: Σw of the batches that the gradient was added up from.
  func step(_ network: Network, _ progress: inout Progress, weight: Double) {
    let scale = prepareGradient(network, scale: weight > 0 ? Float(1 / weight) : 0)
    progress.optimizerSteps += 1
    update(network, progress, scale: scale)
  }

  /// Adds the penalty and clips. What is left of the scale is returned, to be applied on the way.
  private func prepareGradient(_ network: Network, scale: Float) -> Float {
    let count = network.layout.parameterCount
    var scale = scale
    if settings.l2 > 0 {
      mlp_scale(network.gradient, count, scale)
      scale = 1
      for layer in network.layout.layers {
        mlp_add_penalty(
          network.gradient + layer.weights, network.parameters + layer.weights, layer.weightCount, 1,
          Float(2 * settings.l2))
      }
    }
    if let limit = settings.clipNorm {
      let norm = Double(scale) * mlp_dot(network.gradient, network.gradient, count).squareRoot()
      if norm > limit { scale *= Float(limit / norm) }
    }
    if let limit = settings.clipValue {
      mlp_clamp(network.gradient, count, scale, Float(limit))
      scale = 1
    }
    return scale
  }

  private func update(_ network: Network, _ progress: Progress, scale: Float) {
    let (w, g, count) = (network.parameters, network.gradient, network.layout.parameterCount)
    let rate = Float(progress.learningRate)
    let keep = Float(1 - progress.learningRate * progress.weightDecay)
    let momentum = Float(progress.momentum)
    switch settings.optimizer {
    case .sgd where momentum == 0:
      mlp_sgd(w, g, count, scale, keep, rate)
    case .sgd:
      mlp_sgd_momentum(
        w, g, network.first, count, scale, keep, rate, momentum, settings.nesterov ? 1 : 0)
    case .adam, .adamw:
      mlp_adam(
        w, g, network.first, network.second, count, scale, keep, stepSize(progress), settings.beta1,
        settings.beta2, Float(settings.epsilon))
    case .rmsprop:
      mlp_rmsprop(
        w, g, network.first, momentum == 0 ? nil : network.second, count, scale, keep, rate, settings.rho,
        Float(settings.epsilon), momentum)
    }
  }

  /// Adam's learning rate with both bias corrections.
  private func stepSize(_ progress: Progress) -> Float {
    let step = Double(progress.optimizerSteps)
    let corrected = (1 - pow(settings.beta2, step)).squareRoot() / (1 - pow(settings.beta1, step))
    return Float(progress.learningRate * corrected)
  }

  /// What the optimizer remembers, by name; the velocity counts only while there is momentum.
  func memory(of network: Network) -> [(name: String, base: UnsafeMutablePointer<Float>)] {
    switch settings.optimizer {
    case .sgd: [("velocity", network.first)]
    case .adam, .adamw: [("first_moment", network.first), ("second_moment", network.second)]
    case .rmsprop: [("mean_square", network.first), ("velocity", network.second)]
    }
  }

  /// Without momentum there is no velocity: what is left of it must not come back with a later momentum.
  func forgetVelocity(of network: Network) {
    for (name, base) in memory(of: network) where name == "velocity" {
      memset(base, 0, network.layout.parameterCount * MemoryLayout<Float>.stride)
    }
  }
}
