import MLPCore
import PluginKit
import Testing

@Suite struct GradientTests {
  struct Case: CustomTestStringConvertible {
    var kind: TaskKind
    var outputs: Int
    var activation: Activation
    var hidden: [Int]
    var isWeighted: Bool
    var l2: Double
    var rows = 6
    var width = 3
    var testDescription: String {
      "\(kind) \(outputs), \(activation) \(hidden), weighted \(isWeighted), l2 \(l2)"
    }
  }

  static let cases: [Case] = {
    var cases: [Case] = []
    for (kind, outputs) in [(TaskKind.binary, 1), (.classes, 4), (.regression, 1), (.regression, 3)] {
      for activation in Activation.allCases {
        for hidden in [[], [5], [9, 4], [1, 2, 3]] {
          for (isWeighted, l2) in [(false, 0.0), (true, 0.0), (true, 0.03)] {
            cases.append(
              Case(
                kind: kind, outputs: outputs, activation: activation, hidden: hidden, isWeighted: isWeighted,
                l2: l2))
          }
        }
      }
    }
    return cases
  }()

  /// Large enough for the BLAS, where the small ones use the plain kernels.
  static let large = Activation.allCases.map {
    Case(
      kind: .classes, outputs: 3, activation: $0, hidden: [18], isWeighted: true, l2: 0.01, rows: 30, width: 9
    )
  }

  // With plain sgd and a learning rate of 1, a step is the gradient.
  @Test(arguments: cases + large)
  func `the gradient and the loss are those of the formula`(_ test: Case) throws {
    let sample = Sample(test.kind, rows: test.rows, width: test.width, outputs: test.outputs)
    sample.isWeighted = test.isWeighted
    let model = try MultilayerPerceptron(sample) {
      $0.hidden = test.hidden
      $0.activation = test.activation
      $0.optimizer = .sgd
      $0.learningRate = 1
      $0.l2 = test.l2
    }
    // Biases of 0 would put relu on its kink wherever a layer below is silent.
    var random = Random(state: 3)
    for index in stride(from: 1, to: model.weightCount, by: 2) {
      for place in model.weight(at: index).tensor.floats.indices {
        model.weight(at: index).tensor.floats[place] = random.next(-0.4, 0.4)
      }
    }
    let before = model.parameters
    let sizes = [test.width] + test.hidden + [test.outputs]
    let reference = Reference(sizes: sizes, activation: test.activation, l2: test.l2, sample: sample)
    let expected = reference.gradient(before.map { Double($0) })
    let step = try model.trainStep(sample.batch())

    #expect(abs(step.loss - reference.loss(before.map { Double($0) })) < 2e-6)
    #expect(before.count == expected.count)
    for (index, gradient) in expected.enumerated() {
      let found = Double(before[index]) - Double(model.parameters[index])
      #expect(abs(found - gradient) < 2e-6 + 1e-5 * abs(gradient), "parameter \(index)")
    }
  }

  @Test func `predictions are activated`() throws {
    for (kind, outputs) in [(TaskKind.binary, 1), (.classes, 3), (.regression, 2)] {
      let sample = Sample(kind, rows: 5, outputs: outputs)
      let model = try MultilayerPerceptron(sample)
      let reference = Reference(
        sizes: [3, 5, outputs], activation: .relu, l2: 0, sample: sample)
      let prediction = try model.evaluate(sample.batch()).prediction
      #expect(prediction.shape == (outputs == 1 ? [5] : [5, outputs]))
      for row in 0..<5 {
        let z = reference.outputs(row, model.parameters.map { Double($0) })
        for (j, expected) in activated(z, kind).enumerated() {
          #expect(abs(prediction.value(at: row * outputs + j) - expected) < 1e-6)
        }
      }
    }
  }

  private func activated(_ z: [Double], _ kind: TaskKind) -> [Double] {
    let exponentials = z.map { exponential($0) }
    switch kind {
    case .binary: return [1 / (1 + exponential(-z[0]))]
    case .classes: return exponentials.map { $0 / exponentials.reduce(0, +) }
    default: return z
    }
  }
}
