/// A snapshot of the model's weights that a callback keeps: a copy, or the number of a snapshot that the model
/// keeps itself.
public enum WeightSlot {
  case copy([NamedTensor])
  case snapshot(Int)
}

/// What callbacks do with their slots. A callback has sixteen; they are emptied when it is reset.
struct WeightSlots {
  static let count = 16
  let model: any LoopModel
  private var nextSnapshot = 0

  init(model: any LoopModel) { self.model = model }

  mutating func take(_ slot: Int, of callback: LoopCallback) throws {
    if model.hasSnapshots {
      try drop(slot, of: callback)
      let number = nextSnapshot
      nextSnapshot += 1
      try model.takeSnapshot(number)
      callback.slots[slot] = .snapshot(number)
      return
    }
    let weights = try model.weights()
    // A slot that is filled has memory of the right size: a best epoch every epoch allocates once.
    if case .copy(let held) = callback.slots[slot], fits(held, weights) {
      for (own, new) in zip(held, weights) {
        own.tensor.base.copyMemory(from: new.tensor.base, byteCount: new.tensor.byteCount)
      }
    } else {
      callback.slots[slot] = .copy(weights.map { copy($0) })
    }
  }

  func restore(_ slot: Int, of callback: LoopCallback) throws {
    switch callback.slots[slot] {
    case .copy(let held): try model.assign(held)
    case .snapshot(let number): try model.restoreSnapshot(number)
    case nil: break
    }
  }

  mutating func swap(_ slot: Int, of callback: LoopCallback) throws {
    switch callback.slots[slot] {
    case .copy(let held):
      let current = try model.weights().map { copy($0) }
      try model.assign(held)
      callback.slots[slot] = .copy(current)
    case .snapshot(let number):
      let current = nextSnapshot
      nextSnapshot += 1
      try model.takeSnapshot(current)
      try model.restoreSnapshot(number)
      try model.dropSnapshot(number)
      callback.slots[slot] = .snapshot(current)
    case nil: break
    }
  }

  /// slot := slotScale·slot + weightScale·weights, in Double, rounded once.
  mutating func blend(
    _ slot: Int, of callback: LoopCallback, slotScale: Double, weightScale: Double
  ) throws {
    guard callback.slots[slot] != nil else { return try take(slot, of: callback) }
    guard case .copy(let held) = callback.slots[slot] else {
      throw LoopError("the model keeps its own snapshots, which cannot be averaged")
    }
    let weights = try model.weights()
    guard fits(held, weights) else {
      throw LoopError("slot \(slot) holds weights of other shapes than the model has now")
    }
    for (own, new) in zip(held, weights) {
      Self.blend(own.tensor, new.tensor, slotScale, weightScale)
    }
  }

  /// What a snapshot of the model holds. The model has its own weights again when this returns.
  mutating func weights(of snapshot: Int) throws -> [SavedTensor] {
    let current = nextSnapshot
    nextSnapshot += 1
    try model.takeSnapshot(current)
    try model.restoreSnapshot(snapshot)
    let held = try model.weights().map { SavedTensor($0) }
    try model.restoreSnapshot(current)
    try model.dropSnapshot(current)
    return held
  }

  func drop(_ slot: Int, of callback: LoopCallback) throws {
    if case .snapshot(let number) = callback.slots[slot] { try model.dropSnapshot(number) }
    callback.slots[slot] = nil
  }

  func dropAll(of callback: LoopCallback) throws {
    for slot in 0..<Self.count where callback.slots[slot] != nil { try drop(slot, of: callback) }
  }

  private func copy(_ weight: NamedTensor) -> NamedTensor {
    NamedTensor(name: weight.name, tensor: weight.tensor.copy(), isTrainable: weight.isTrainable)
  }

  private func fits(_ held: [NamedTensor], _ weights: [NamedTensor]) -> Bool {
    held.count == weights.count
      && zip(held, weights).allSatisfy {
        $0.tensor.type == $1.tensor.type && $0.tensor.shape == $1.tensor.shape
      }
  }

  private static func blend(_ slot: Tensor, _ weights: Tensor, _ a: Double, _ b: Double) {
    switch slot.type {
    case .float32:
      let (own, new) = (slot.floats, weights.floats)
      for index in own.indices { own[index] = Float(a * Double(own[index]) + b * Double(new[index])) }
    case .float64:
      let (own, new) = (slot.doubles, weights.doubles)
      for index in own.indices { own[index] = a * own[index] + b * new[index] }
    case .uint8, .int32, .int64:
      // Counters and serialised forms have no average: the newest stands.
      slot.base.copyMemory(from: weights.base, byteCount: weights.byteCount)
    }
  }
}

/// A fault in what a callback asked the loop to do.
public struct LoopError: Error, CustomStringConvertible {
  public var description: String
  public init(_ description: String) { self.description = description }
}
