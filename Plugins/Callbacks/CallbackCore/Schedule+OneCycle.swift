import Glibc
import PluginKit

/// Up and down once (Smith and Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large
/// Learning Rates", 2018), in phases and with names as PyTorch's OneCycleLR has them. The rate alone: momentum
/// stays as it is.
extension Schedule {
  static func oneCycle(_ parameters: inout Parameters) throws -> Function {
    let highest = try parameters.requiredNumber("max_lr", in: .above(0))
    let total = try parameters.requiredInt("total_steps", in: .atLeast(1))
    let share = try parameters.number("pct_start", in: .between(0, 1)) ?? 0.3
    let strategy = try parameters.choice("anneal_strategy", of: ["cos", "linear"]) ?? "cos"
    let divisor = try parameters.number("div_factor", in: .above(0)) ?? 25
    let finalDivisor = try parameters.number("final_div_factor", in: .above(0)) ?? 1e4
    let hasThreePhases = try parameters.bool("three_phase") ?? false

    try parameters.finish()
    let first = highest / divisor
    let last = first / finalDivisor
    let steps = Double(total)
    // Each phase ends at its step with its rate.
    var phases = [(end: share * steps - 1, rate: highest)]
    if hasThreePhases { phases.append((2 * share * steps - 2, first)) }
    phases.append((steps - 1, last))
    let ends = [0] + phases.map(\.end)
    guard zip(ends, ends.dropFirst()).dropFirst().allSatisfy({ $0 <= $1 }) else {
      throw PluginError(
        "\(parameters.owner): with 'pct_start' \(share.short()) the phases overlap",
        help: "with three_phase, pct_start must be at most 0.5")
    }
    return { moment in
      // Past the end the rate stays at its lowest; PyTorch stops with an error there.
      let time = Double(min(moment.time, total - 1))
      var (start, from) = (0.0, first)
      for (index, phase) in phases.enumerated() {
        if time <= phase.end || index == phases.count - 1 {
          let length = phase.end - start
          let done = length > 0 ? (time - start) / length : 1
          return strategy == "cos"
            ? phase.rate + (from - phase.rate) / 2 * (1 + cos(.pi * done))
            : from + (phase.rate - from) * done
        }
        (start, from) = (phase.end, phase.rate)
      }
      return last
    }
  }
}
