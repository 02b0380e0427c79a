import Training

/// A metric that a pipeline will have: where it comes from, and who watches it.
public struct MetricListing: Sendable, Equatable {
  public var name: String
  public var direction: Direction
  public var phase: Phase
  /// "the loop", "monitor 'accuracy'"; `nil`: nobody has declared it so far, and someone watches it.
  public var source: String?
  /// "callback 'early-stopping'".
  public var readers: [String]

  static func all(_ metrics: MetricTable) -> [MetricListing] {
    var readers: [Int: [String]] = [:]
    for want in metrics.wants where readers[want.metric]?.contains(want.reader) != true {
      readers[want.metric, default: []].append(want.reader)
    }
    let declared = metrics.declared.map { id, name, declaration in
      MetricListing(
        name: name, direction: declaration.direction, phase: declaration.phase, source: declaration.source,
        readers: readers[id] ?? [])
    }
    let missing = readers.keys.sorted().filter { metrics.declaration(of: $0) == nil }.map { id in
      MetricListing(
        name: metrics.names[id], direction: .none, phase: [], source: nil, readers: readers[id] ?? [])
    }
    return declared + missing
  }
}
