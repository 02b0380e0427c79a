import Glibc
import PluginKit

/// The schedules of keras.optimizers.schedules, with their names of parameters and defaults
/// (https://keras.io/api/optimizers/learning_rate_schedules/).
extension Schedule {
  /// r₀ · decay_rate^p with p = t / decay_steps, whole with `staircase`.
  static func exponentialDecay(_ parameters: inout Parameters) throws -> Function {
    let decay = try Decay(&parameters)
    try parameters.finish()
    return { decay.initial($0) * pow(decay.rate, decay.progress($0)) }
  }

  /// r₀ / (1 + decay_rate · p)
  static func inverseTimeDecay(_ parameters: inout Parameters) throws -> Function {
    let decay = try Decay(&parameters)
    try parameters.finish()
    return { decay.initial($0) / (1 + decay.rate * decay.progress($0)) }
  }

  /// What the two have in common.
  private struct Decay {
    var initialRate: Double?
    var steps: Double
    var rate: Double
    var isStaircase: Bool

    init(_ parameters: inout Parameters) throws {
      initialRate = try parameters.number("initial_learning_rate", in: .atLeast(0))
      steps = try parameters.requiredNumber("decay_steps", in: .above(0))
      rate = try parameters.requiredNumber("decay_rate", in: .atLeast(0))
      isStaircase = try parameters.bool("staircase") ?? false
    }

    func initial(_ moment: Moment) -> Double { initialRate ?? moment.initialRate }

    func progress(_ moment: Moment) -> Double {
      let progress = Double(moment.time) / steps
      return isStaircase ? progress.rounded(.down) : progress
    }
  }

  /// values[i] for the first i with t ≤ boundaries[i]: a boundary belongs to the left.
  static func piecewiseConstantDecay(_ parameters: inout Parameters) throws -> Function {
    let boundaries = try parameters.requiredNumbers("boundaries", in: .atLeast(0))
    let values = try parameters.requiredNumbers("values", in: .atLeast(0))
    try parameters.finish()
    guard values.count == boundaries.count + 1 else {
      throw PluginError(
        "\(parameters.owner): \(boundaries.count) boundaries and \(values.count) values",
        help: "there must be one value more than boundaries: the last one is for what comes after them")
    }
    guard zip(boundaries, boundaries.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw PluginError("\(parameters.owner): 'boundaries' must rise from each to the next")
    }
    return { moment in
      let index = boundaries.firstIndex { Double(moment.time) <= $0 } ?? boundaries.count
      return values[index]
    }
  }

  /// (r₀ − end) · (1 − t' / D')^power + end; with `cycle` D' is the next multiple of decay_steps.
  static func polynomialDecay(_ parameters: inout Parameters) throws -> Function {
    let initial = try parameters.number("initial_learning_rate", in: .atLeast(0))
    let steps = try parameters.requiredNumber("decay_steps", in: .above(0))
    let end = try parameters.number("end_learning_rate", in: .atLeast(0)) ?? 0.0001
    let power = try parameters.number("power") ?? 1
    let cycles = try parameters.bool("cycle") ?? false
    try parameters.finish()
    return { moment in
      let time = Double(moment.time)
      let periods = time == 0 ? 1 : (time / steps).rounded(.up)
      let share = cycles ? time / (steps * periods) : min(time, steps) / steps
      return ((initial ?? moment.initialRate) - end) * pow(1 - share, power) + end
    }
  }

  /// Half a cosine from the top to alpha times it, after an optional linear warm-up to `warmup_target`.
  static func cosineDecay(_ parameters: inout Parameters) throws -> Function {
    let initial = try parameters.number("initial_learning_rate", in: .atLeast(0))
    let steps = try parameters.requiredNumber("decay_steps", in: .above(0))
    let alpha = try parameters.number("alpha") ?? 0
    let target = try parameters.number("warmup_target", in: .atLeast(0))
    let warmup = try parameters.number("warmup_steps", in: .atLeast(0)) ?? 0
    try parameters.finish()
    return { moment in
      let start = initial ?? moment.initialRate
      let time = Double(moment.time)
      guard let target else { return start * cosine(min(time, steps) / steps, alpha) }
      if time < warmup { return start + (target - start) * time / warmup }
      return target * cosine(min(time - warmup, steps) / steps, alpha)
    }
  }

  /// Cosines one after the other, each `t_mul` times as long and `m_mul` times as high as the one before
  /// (Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017).
  static func cosineDecayRestarts(_ parameters: inout Parameters) throws -> Function {
    let initial = try parameters.number("initial_learning_rate", in: .atLeast(0))
    let steps = try parameters.requiredNumber("first_decay_steps", in: .above(0))
    let growth = try parameters.number("t_mul", in: .atLeast(1)) ?? 2
    let height = try parameters.number("m_mul", in: .atLeast(0)) ?? 1
    let alpha = try parameters.number("alpha") ?? 0
    try parameters.finish()
    return { moment in
      let position = Double(moment.time) / steps
      let (index, share) = restart(position, growth)
      let top = (initial ?? moment.initialRate)
      return top * ((1 - alpha) * pow(height, index) * (1 + cos(.pi * share)) / 2 + alpha)
    }
  }

  /// The number of the period, and how much of it is over.
  private static func restart(_ position: Double, _ growth: Double) -> (index: Double, share: Double) {
    if growth == 1 {
      let index = position.rounded(.down)
      return (index, position - index)
    }
    let index = (log(1 - position * (1 - growth)) / log(growth)).rounded(.down)
    let start = (1 - pow(growth, index)) / (1 - growth)
    return (index, (position - start) / pow(growth, index))
  }

  private static func cosine(_ share: Double, _ alpha: Double) -> Double {
    (1 - alpha) * (1 + cos(.pi * share)) / 2 + alpha
  }
}
