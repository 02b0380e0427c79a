import PluginKit

/// The learning rate at a time: at an epoch or at an optimizer step, both counted from 0.
public struct Schedule {
  /// What a schedule may look at.
  public struct Moment {
    /// Epochs or optimizer steps done before this one.
    public var time: Int
    /// The rate as it is now.
    public var rate: Double
    /// The rate when the run began: what a schedule starts from that is not told otherwise.
    public var initialRate: Double

    public init(time: Int, rate: Double, initialRate: Double) {
      self.time = time
      self.rate = rate
      self.initialRate = initialRate
    }
  }

  let function: (Moment) -> Double

  /// The rate as the model will have it. One that is no rate is an error.
  public func rate(at moment: Moment) throws -> Float {
    let rate = Float(function(moment))
    guard rate.isFinite, rate >= 0 else {
      throw PluginError(
        "the schedule gives a learning rate of \(Double(rate).short()) at \(moment.time)",
        help: "rates are finite and not below 0: look at the schedule's parameters")
    }
    return rate
  }

  public enum Name: String, OptionChoice, Sendable {
    case constant
    case stepDrop = "step-drop"
    case step
    case multiStep = "multi-step"
    case exponential
    case expAfter = "exp-after"
    case halveEvery = "halve-every"
    case linearWarmup = "linear-warmup"
    case exponentialDecay = "exponential-decay"
    case inverseTimeDecay = "inverse-time-decay"
    case piecewiseConstantDecay = "piecewise-constant-decay"
    case polynomialDecay = "polynomial-decay"
    case cosineDecay = "cosine-decay"
    case cosineDecayRestarts = "cosine-decay-restarts"
    case oneCycle = "one-cycle"
  }

  /// - Parameter table: The schedule's parameters as JSON; unknown ones and values out of range are errors.
  public init(_ name: Name, _ table: JSONText?) throws {
    var parameters = try Parameters(table, of: "parameters of schedule '\(name.rawValue)'")
    function =
      switch name {
      case .constant: try Self.constant(&parameters)
      case .stepDrop: try Self.stepDrop(&parameters)
      case .step: try Self.step(&parameters)
      case .multiStep: try Self.multiStep(&parameters)
      case .exponential: try Self.exponential(&parameters)
      case .expAfter: try Self.expAfter(&parameters)
      case .halveEvery: try Self.halveEvery(&parameters)
      case .linearWarmup: try Self.linearWarmup(&parameters)
      case .exponentialDecay: try Self.exponentialDecay(&parameters)
      case .inverseTimeDecay: try Self.inverseTimeDecay(&parameters)
      case .piecewiseConstantDecay: try Self.piecewiseConstantDecay(&parameters)
      case .polynomialDecay: try Self.polynomialDecay(&parameters)
      case .cosineDecay: try Self.cosineDecay(&parameters)
      case .cosineDecayRestarts: try Self.cosineDecayRestarts(&parameters)
      case .oneCycle: try Self.oneCycle(&parameters)
      }
  }
}
