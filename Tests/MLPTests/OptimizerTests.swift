import Glibc
import MLPCore
import PluginKit
import Testing

func exponential(_ x: Double) -> Double { exp(x) }

@Suite struct OptimizerTests {
  /// One optimizer's settings, and its step for one parameter in double: from the parameter, its gradient,
  /// the step's number from 1 and two numbers that the optimizer remembers, to the new parameter.
  struct Case: CustomTestStringConvertible {
    var testDescription: String
    var change: @Sendable (inout Settings) -> Void
    var formula: @Sendable (Double, Double, Double, inout Double, inout Double) -> Double
  }

  static let cases: [Case] = [
    Case(
      testDescription: "sgd",
      change: {
        $0.optimizer = .sgd
        $0.learningRate = 0.05
      },
      formula: { w, g, _, _, _ in w - 0.05 * g }),
    Case(
      testDescription: "sgd with momentum",
      change: {
        $0.optimizer = .sgd
        $0.learningRate = 0.05
        $0.momentum = 0.9
      },
      formula: { w, g, _, v, _ in
        v = 0.9 * v - 0.05 * g
        return w + v
      }),
    Case(
      testDescription: "sgd with Nesterov momentum",
      change: {
        $0.optimizer = .sgd
        $0.learningRate = 0.05
        $0.momentum = 0.9
        $0.nesterov = true
      },
      formula: { w, g, _, v, _ in
        v = 0.9 * v - 0.05 * g
        return w + 0.9 * v - 0.05 * g
      }),
    Case(
      testDescription: "sgd with weight decay",
      change: {
        $0.optimizer = .sgd
        $0.learningRate = 0.05
        $0.weightDecay = 0.1
      },
      formula: { w, g, _, _, _ in w * (1 - 0.05 * 0.1) - 0.05 * g }),
    Case(
      testDescription: "adam",
      change: {
        $0.optimizer = .adam
        $0.learningRate = 0.02
      },
      formula: { adam($0, $1, $2, &$3, &$4) }),
    Case(
      testDescription: "adamw",
      change: {
        $0.optimizer = .adamw
        $0.learningRate = 0.02
        $0.weightDecay = 0.2
      },
      formula: { adam($0 * (1 - 0.02 * 0.2), $1, $2, &$3, &$4) }),
    Case(
      testDescription: "rmsprop",
      change: {
        $0.optimizer = .rmsprop
        $0.learningRate = 0.02
      },
      formula: { w, g, _, s, _ in
        s = 0.9 * s + 0.1 * g * g
        return w - 0.02 * g / (s + 1e-7).squareRoot()
      }),
    Case(
      testDescription: "rmsprop with momentum",
      change: {
        $0.optimizer = .rmsprop
        $0.learningRate = 0.02
        $0.momentum = 0.8
      },
      formula: { w, g, _, s, v in
        s = 0.9 * s + 0.1 * g * g
        v = 0.8 * v + 0.02 * g / (s + 1e-7).squareRoot()
        return w - v
      }),
  ]

  private static func adam(_ w: Double, _ g: Double, _ t: Double, _ m: inout Double, _ v: inout Double)
    -> Double
  {
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g * g
    let alpha = 0.02 * (1 - pow(0.999, t)).squareRoot() / (1 - pow(0.9, t))
    return w - alpha * m / (v.squareRoot() + 1e-7)
  }

  // A linear model of one feature and one row: p = w·x + b, so the gradients are 2(p - y)·x and 2(p - y).
  @Test(arguments: cases)
  func `twenty steps follow the formula`(_ test: Case) throws {
    let sample = Sample(.regression, rows: 1, width: 1)
    let model = try MultilayerPerceptron(sample) {
      $0.hidden = []
      test.change(&$0)
    }
    let (x, y) = (Double(sample.features[0]), Double(sample.numbers[0]))
    var w = model.parameters.map { Double($0) }
    var (a, b) = ([0.0, 0.0], [0.0, 0.0])
    for step in 1...20 {
      let error = 2 * (w[0] * x + w[1] - y)
      for (index, g) in [error * x, error].enumerated() {
        w[index] = test.formula(w[index], g, Double(step), &a[index], &b[index])
      }
      #expect(try model.trainStep(sample.batch()).optimizerSteps == 1)
      for index in 0...1 { #expect(abs(Double(model.parameters[index]) - w[index]) < 3e-6, "step \(step)") }
    }
  }

  @Test func `without hyper-parameters the defaults are those of Keras`() {
    let settings = Settings()
    #expect(settings.optimizer == .adam && settings.learningRate == 0.001)
    #expect(
      settings.beta1 == 0.9 && settings.beta2 == 0.999 && settings.epsilon == 1e-7 && settings.rho == 0.9)
    #expect(
      OptimizerKind.sgd.defaultLearningRate == 0.01 && OptimizerKind.rmsprop.defaultLearningRate == 0.001)
    #expect(OptimizerKind.adamw.defaultWeightDecay == 0.004 && OptimizerKind.adam.defaultWeightDecay == 0)
  }

  /// The change of one step of sgd with a learning rate of 1.
  private func step(_ sample: Sample, _ change: (inout Settings) -> Void) throws -> [Float] {
    let model = try MultilayerPerceptron(sample) {
      $0.optimizer = .sgd
      $0.learningRate = 1
      change(&$0)
    }
    let before = model.parameters
    _ = try model.trainStep(sample.batch())
    return zip(before, model.parameters).map { $0 - $1 }
  }

  private func norm(_ values: [Float]) -> Float { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  @Test func `clip_norm shortens a long gradient and keeps its direction`() throws {
    let sample = Sample(.regression, rows: 8, outputs: 2)
    let whole = try step(sample) { _ in }
    let limit = norm(whole) / 3
    let clipped = try step(sample) { $0.clipNorm = Double(limit) }
    #expect(abs(norm(clipped) - limit) < 1e-5)
    for (a, b) in zip(whole, clipped) { #expect(abs(a / 3 - b) < 1e-6) }
    #expect(try step(sample) { $0.clipNorm = Double(norm(whole)) * 1.01 } == whole, "a short one stays")
  }

  @Test func `clip_value cuts each number of the gradient`() throws {
    let sample = Sample(.regression, rows: 8, outputs: 2)
    let whole = try step(sample) { _ in }
    let limit = (whole.map { abs($0) }.max() ?? 0) / 2
    let clipped = try step(sample) { $0.clipValue = Double(limit) }
    for (a, b) in zip(whole, clipped) { #expect(abs(min(max(a, -limit), limit) - b) < 1e-6) }
  }

  @Test func `clipping sees the penalty's gradient`() throws {
    let sample = Sample(.regression, rows: 8)
    let clipped = try step(sample) {
      $0.l2 = 50
      $0.clipNorm = 0.25
    }
    #expect(abs(norm(clipped) - 0.25) < 1e-5)
  }
}
