import PluginKit

extension JSONObject {
  /// An event as loggers write it: where the run is, then every metric by its name, in the order of names.
  ///
  /// - Parameter place: Keys that come first. A metric of the same name is written as `metric/<name>`.
  public init(_ event: Event, place: [(key: String, value: Int)]) {
    self.init()
    for (key, value) in place { add(key, value) }
    let reserved = Set(place.map(\.key))
    func key(_ name: String) -> String { reserved.contains(name) ? "metric/" + name : name }
    let metrics = event.logs.ids.compactMap { id in event.host.metricName(id).map { (name: $0, id: id) } }
    for (name, id) in metrics.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
      if let value = event.logs[id] { add(key(name), value) }
    }
    for note in event.notes {
      switch note.content {
      case .text(let text): add(key(note.name), text)
      case .list(let values): add(key(note.name), values)
      }
    }
  }
}
