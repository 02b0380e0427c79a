import Glibc
import MLPKernels

/// One optimizer step on a network, from its gradient and the hyper-parameters of the moment.
///
/// In Keras's order: the penalty's gradient, clipping, decoupled weight decay, update.
struct Optimizer {
  let settings: Settings

  /// - Parameter weight: Σw of the batches that the gradient was added up from.
  func step(_ network: Network, _ progress: inout Progress, weight: Double) {
    let scale = prepareGradient(network, scale: scale(weight))
    progress.optimizerSteps += 1
    network.apply(Update(settings, progress, scale: scale))
  }

  /// The step as it can be made on each part of the gradient as soon as that is there; `nil`: the whole is needed first.
  func immediateStep(_ progress: inout Progress, weight: Double) -> Update? {
    guard settings.l2 == 0, settings.clipNorm == nil, settings.clipValue == nil else { return nil }
    progress.optimizerSteps += 1
    return Update(settings, progress, scale: scale(weight))
  }

  private func scale(_ weight: Double) -> Float { weight > 0 ? Float(1 / weight) : 0 }

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
