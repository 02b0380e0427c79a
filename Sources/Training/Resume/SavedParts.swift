// From the parts of a run to their state, and back. A part is loaded after its reset and before any
// `on_train_begin`.

extension LoopModel {
  func save() throws -> ModelState {
    var state = ModelState()
    state.part = PartState(values: try saveState(), random: randomState)
    state.weights = try weights().map { SavedTensor($0) }
    state.parameters = parameterNames.compactMap { name in parameter(name).map { (name, $0) } }
    return state
  }

  func load(_ state: ModelState) throws {
    // The state first: a model takes it right after its reset.
    try loadState(state.part.values)
    try assign(state.weights.map(\.named))
    for (name, value) in state.parameters where parameter(name)?.bitPattern != value.bitPattern {
      try setParameter(name, value)
    }
    if !state.part.random.isEmpty { randomState = state.part.random }
  }
}

extension LoopMonitor {
  func save() throws -> PartState { PartState(values: try saveState(), random: randomState) }

  func load(_ state: PartState) throws {
    try loadState(state.values)
    if !state.random.isEmpty { randomState = state.random }
  }
}

extension LoopCallback {
  func save() throws -> PartState { PartState(values: try saveState(), random: randomState) }

  func load(_ state: PartState) throws {
    try loadState(state.values)
    if !state.random.isEmpty { randomState = state.random }
  }
}

extension MonitorSet {
  /// Every monitor with the name that its state has.
  var named: [(key: String, monitor: any LoopMonitor)] {
    training.map { ("train/" + $0.name, $0) } + validation.map { ("validation/" + $0.name, $0) }
      + epoch.map { ("epoch/" + $0.name, $0) }
  }

  func load(_ states: [String: PartState]) throws {
    for (key, monitor) in named {
      guard let state = states[key] else { continue }
      try attempt(monitor, "state_load") { try monitor.load(state) }
    }
  }
}

extension WeightSlots {
  /// The weights in each slot of a callback.
  mutating func save(of callback: LoopCallback) throws -> [Int: [SavedTensor]] {
    var saved: [Int: [SavedTensor]] = [:]
    for (number, slot) in callback.slots.enumerated() {
      switch slot {
      case .copy(let held): saved[number] = held.map { SavedTensor($0) }
      case .snapshot(let snapshot): saved[number] = try weights(of: snapshot)
      case nil: break
      }
    }
    return saved
  }

  /// Fills the slots of a callback that was reset. Leaves other weights in the model: its own are loaded after this.
  mutating func load(_ saved: [Int: [SavedTensor]], of callback: LoopCallback) throws {
    for (number, weights) in saved.sorted(by: { $0.key < $1.key })
    where callback.slots.indices.contains(number) {
      let held = weights.map(\.named)
      guard model.hasSnapshots else {
        callback.slots[number] = .copy(held)
        continue
      }
      try model.assign(held)
      try take(number, of: callback)
    }
  }
}
