/// What a callback asks for. Carried out in order when its call has succeeded, before the next callback is called.
public enum Effect {
  case publish(metric: Int, value: Double)
  case note(Note)
  case stop(reason: String)
  case log(level: LogLevel, text: String)
  case status(String)
  case assignWeights([NamedTensor])
  case takeSlot(Int)
  case restoreSlot(Int)
  case swapSlot(Int)
  case blendSlot(Int, slotScale: Double, weightScale: Double)
  case dropSlot(Int)
  case saveWeights(path: String)
  case markCheckpoint
  case setParameter(name: String, value: Double)
  case startFile(path: String)
  case appendFile(path: String, bytes: [UInt8])
  case removeFile(path: String)
}

/// How loud a line is.
public enum LogLevel: Int, Sendable {
  case debug, info, warning
}

/// The effects that one callback has asked for in the call that is running.
public final class EffectQueue {
  public private(set) var effects: [Effect] = []

  public init() { effects.reserveCapacity(8) }

  @inline(__always) public var isEmpty: Bool { effects.isEmpty }

  public func append(_ effect: Effect) { effects.append(effect) }

  /// Keeps its memory: a callback that publishes in every batch allocates nothing.
  public func removeAll() { effects.removeAll(keepingCapacity: true) }
}
