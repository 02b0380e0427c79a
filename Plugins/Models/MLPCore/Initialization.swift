import Glibc

extension Network {
  /// New weights from the seed, biases and the optimizer's memory at 0.
  func initialize(_ initializer: Initializer, seed: UInt64) {
    memset(parameters, 0, 4 * layout.parameterCount * MemoryLayout<Float>.stride)
    var random = SplitMix64(seed: seed)
    for layer in layout.layers {
      let weights = UnsafeMutableBufferPointer(start: parameters + layer.weights, count: layer.weightCount)
      let fill = initializer.distribution(inputs: layer.inputs, outputs: layer.outputs)
      for index in weights.indices { weights[index] = Float(fill.draw(&random)) }
    }
  }
}

/// Where a layer's first weights come from.
enum Distribution {
  case uniform(limit: Double)
  case truncatedNormal(deviation: Double)

  func draw(_ random: inout SplitMix64) -> Double {
    switch self {
    case .uniform(let limit): (2 * random.uniform() - 1) * limit
    case .truncatedNormal(let deviation): random.truncatedNormal() * deviation
    }
  }
}

extension Initializer {
  /// The variance is 2 / (inputs + outputs) after Glorot and Bengio (2010), 2 / inputs after He et al.
  /// (2015).
  func distribution(inputs: Int, outputs: Int) -> Distribution {
    // The deviation of a standard normal that is cut at two deviations.
    let cut = 0.87962566103423978
    let glorot = 2 / Double(inputs + outputs)
    let he = 2 / Double(inputs)
    return switch self {
    case .glorotUniform: .uniform(limit: (3 * glorot).squareRoot())
    case .heUniform: .uniform(limit: (3 * he).squareRoot())
    case .glorotNormal: .truncatedNormal(deviation: glorot.squareRoot() / cut)
    case .heNormal: .truncatedNormal(deviation: he.squareRoot() / cut)
    }
  }
}
