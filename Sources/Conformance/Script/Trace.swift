/// A call of a run: which hook, and where.
public struct CallSite: Sendable, Equatable, CustomStringConvertible {
  public var call: String
  /// From 0; −1: outside of an epoch.
  public var epoch: Int
  public var batch: Int

  public init(_ call: String, epoch: Int = -1, batch: Int = -1) {
    self.call = call
    self.epoch = epoch
    self.batch = batch
  }

  /// "on_batch_end, epoch 1, batch 3": counted from 1, as people do.
  public var description: String {
    // Made to be huge, or not in an epoch: then the number says nothing.
    call + (epoch >= 0 ? ", epoch \(epoch &+ 1)" : "") + (batch >= 0 ? ", batch \(batch &+ 1)" : "")
  }
}

/// One effect that a plugin asked for.
public struct TraceEffect: Sendable, Equatable, CustomStringConvertible {
  /// What it is about: "publish learning_rate", "stop", "append log.csv".
  public var key: String
  /// With what: "0.001", "'val_loss did not improve'".
  public var value: String

  public init(_ key: String, _ value: String = "") {
    self.key = key
    self.value = value
  }

  public var description: String { value.isEmpty ? key : "\(key) \(value)" }
}

/// One call and what came of it.
public struct TraceEntry: Sendable, Equatable {
  public var site: CallSite
  /// `nil`: it succeeded.
  public var failure: String?
  /// Those of a call that failed are there, too, though no host would carry them out.
  public var effects: [TraceEffect]

  /// Such as: asks to stop, "no improvement"; nothing.
  public var text: String {
    let asked = effects.map(\.description)
    if let failure { return "fails: \(failure.replacing("\n", with: ", "))" }
    return asked.isEmpty ? "nothing" : asked.joined(separator: "; ")
  }
}

/// What a run of a callback looked like from outside: every call, what it asked for, and how it ended.
public struct Trace: Sendable, Equatable {
  public var entries: [TraceEntry] = []

  public init(_ entries: [TraceEntry] = []) { self.entries = entries }

  /// The trace without what is measured: the values of effects with these keys become '#'; effects whose keys stand
  /// there with a '-' before them are left out.
  public func masking(_ keys: Set<String>) -> Trace {
    guard !keys.isEmpty else { return self }
    var masked = self
    for entry in masked.entries.indices {
      masked.entries[entry].effects.removeAll { keys.contains("-" + $0.key) }
      for effect in masked.entries[entry].effects.indices
      where keys.contains(masked.entries[entry].effects[effect].key) {
        masked.entries[entry].effects[effect].value = "#"
      }
      if masked.entries[entry].failure != nil, keys.contains("failure") {
        masked.entries[entry].failure = "#"
      }
    }
    return masked
  }

  /// The first call at which two traces differ; `nil` on a side that has ended.
  public func firstDifference(from other: Trace) -> (own: TraceEntry?, other: TraceEntry?)? {
    for (own, other) in zip(entries, other.entries) where own != other { return (own, other) }
    guard entries.count != other.entries.count else { return nil }
    let shared = min(entries.count, other.entries.count)
    return (entries.dropFirst(shared).first, other.entries.dropFirst(shared).first)
  }
}
