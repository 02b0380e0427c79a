import Glibc

/// Schedules that people write as a function of the epoch, and PyTorch's StepLR and MultiStepLR.
extension Schedule {
  typealias Function = (Moment) -> Double

  /// The rate stays as it is, or is always the same.
  static func constant(_ parameters: inout Parameters) throws -> Function {
    let rate = try parameters.number("learning_rate", in: .atLeast(0))
    try parameters.finish()
    return { rate ?? $0.rate }
  }

  /// initial · drop^⌊t / every⌋
  static func stepDrop(_ parameters: inout Parameters) throws -> Function {
    let initial = try parameters.number("initial", in: .atLeast(0))
    let drop = try parameters.number("drop", in: .atLeast(0)) ?? 0.5
    let every = try parameters.requiredInt("every", in: .atLeast(1))
    try parameters.finish()
    return { (initial ?? $0.initialRate) * pow(drop, Double($0.time / every)) }
  }

  /// PyTorch's StepLR: initial · gamma^⌊t / step_size⌋
  static func step(_ parameters: inout Parameters) throws -> Function {
    let initial = try parameters.number("initial_learning_rate", in: .atLeast(0))
    let size = try parameters.requiredInt("step_size", in: .atLeast(1))
    let gamma = try parameters.number("gamma", in: .atLeast(0)) ?? 0.1
    try parameters.finish()
    return { (initial ?? $0.initialRate) * pow(gamma, Double($0.time / size)) }
  }

  /// PyTorch's MultiStepLR: initial · gamma^(milestones that have been reached)
  static func multiStep(_ parameters: inout Parameters) throws -> Function {
    let initial = try parameters.number("initial_learning_rate", in: .atLeast(0))
    let milestones = try parameters.requiredNumbers("milestones", in: .atLeast(0))
    let gamma = try parameters.number("gamma", in: .atLeast(0)) ?? 0.1
    try parameters.finish()
    return { moment in
      let reached = milestones.count { $0 <= Double(moment.time) }
      return (initial ?? moment.initialRate) * pow(gamma, Double(reached))
    }
  }

  /// initial · e^(−k t)
  static func exponential(_ parameters: inout Parameters) throws -> Function {
    let initial = try parameters.number("initial", in: .atLeast(0))
    let k = try parameters.requiredNumber("k")
    try parameters.finish()
    return { (initial ?? $0.initialRate) * exp(-k * Double($0.time)) }
  }

  /// As it is before `start`, then e^(−k) times what it was.
  static func expAfter(_ parameters: inout Parameters) throws -> Function {
    let start = try parameters.requiredInt("start", in: .atLeast(0))
    let k = try parameters.number("k") ?? 0.1
    try parameters.finish()
    return { $0.time < start ? $0.rate : $0.rate * exp(-k) }
  }

  static func halveEvery(_ parameters: inout Parameters) throws -> Function {
    let every = try parameters.requiredInt("every", in: .atLeast(1))
    try parameters.finish()
    return { $0.time > 0 && $0.time % every == 0 ? $0.rate / 2 : $0.rate }
  }

  /// target · (t + 1) / warmup until warmup is over, then target.
  static func linearWarmup(_ parameters: inout Parameters) throws -> Function {
    let target = try parameters.number("target", in: .atLeast(0))
    let warmup = try parameters.requiredInt("warmup", in: .atLeast(1))
    try parameters.finish()
    return { moment in
      let target = target ?? moment.initialRate
      return moment.time < warmup ? target * Double(moment.time + 1) / Double(warmup) : target
    }
  }
}
