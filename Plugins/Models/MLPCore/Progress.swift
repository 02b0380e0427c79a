import PluginKit

/// All that a run can change, beside tensors: hyper-parameters, and where counters and random streams stand.
public struct Progress: Codable, Equatable, Sendable {
  public internal(set) var learningRate: Double
  public internal(set) var momentum: Double
  public internal(set) var weightDecay: Double
  public internal(set) var dropout: Double
  public internal(set) var accumulateGradBatches: Int

  public internal(set) var optimizerSteps = 0
  /// Batches whose gradients wait for the next step, and the sum of their examples' weights.
  public internal(set) var accumulatedBatches = 0
  public internal(set) var accumulatedWeight = 0.0
  /// A layer's dropout of one batch is one draw of this stream.
  public internal(set) var dropoutSeed: UInt64
  public internal(set) var dropoutDraws: UInt64 = 0

  public init(_ settings: Settings, seed: UInt64) {
    learningRate = settings.learningRate
    momentum = settings.momentum
    weightDecay = settings.weightDecay
    dropout = settings.dropout
    accumulateGradBatches = settings.accumulateGradBatches
    dropoutSeed = SplitMix64.mixed(~seed)
  }

  /// One draw: what the zeros of one layer and batch depend on.
  mutating func nextDropoutKey() -> UInt64 {
    dropoutDraws &+= 1
    return dropoutKey(0)
  }

  /// The draw that is so many after the last one.
  func dropoutKey(_ ahead: UInt64) -> UInt64 {
    SplitMix64.mixed(dropoutSeed &+ (dropoutDraws &+ ahead) &* 0x9E37_79B9_7F4A_7C15)
  }

  subscript(parameter: HyperParameter) -> Double {
    switch parameter {
    case .learningRate: learningRate
    case .momentum: momentum
    case .weightDecay: weightDecay
    case .dropout: dropout
    case .accumulateGradBatches: Double(accumulateGradBatches)
    }
  }

  mutating func set(_ parameter: HyperParameter, to value: Double) throws {
    try parameter.check(value)
    switch parameter {
    case .learningRate: learningRate = value
    case .momentum: momentum = value
    case .weightDecay: weightDecay = value
    case .dropout: dropout = value
    case .accumulateGradBatches: accumulateGradBatches = Int(value)
    }
  }

  /// Checks what came out of a checkpoint.
  func validate() throws {
    for parameter in HyperParameter.allCases { try parameter.check(self[parameter]) }
    // No run counts further; a number beyond would overflow.
    let counts = 0..<(1 << 53)
    guard counts.contains(optimizerSteps), counts.contains(accumulatedBatches), accumulatedWeight >= 0,
      accumulatedWeight.isFinite
    else {
      throw PluginError(
        "the saved state is damaged: it counts \(optimizerSteps) steps, \(accumulatedBatches) batches")
    }
  }
}

/// The numbers that callbacks may change while a model trains.
enum HyperParameter: String, CaseIterable {
  case learningRate = "learning_rate"
  case momentum
  case weightDecay = "weight_decay"
  case dropout
  case accumulateGradBatches = "accumulate_grad_batches"

  func check(_ value: Double) throws {
    let (isValid, wanted) =
      switch self {
      case .learningRate, .weightDecay: (value.isFinite && value >= 0, "a finite number, 0 or more")
      case .momentum: (value >= 0 && value <= 1, "a number from 0 to 1")
      case .dropout: (value >= 0 && value < 1, "a number from 0 to less than 1")
      case .accumulateGradBatches:
        (Int(exactly: value).map { $0 >= 1 && $0 <= Int(Int32.max) } ?? false, "a whole number, 1 or more")
      }
    guard isValid else { throw PluginError("'\(rawValue)' cannot be \(value): it must be \(wanted)") }
  }
}
