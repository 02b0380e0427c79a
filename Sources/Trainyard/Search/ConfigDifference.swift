/// What differs between two configs, for people.
enum ConfigDifference {
  /// `model.hidden is [32] there and [64] here; …`, three of them at most.
  static func text(_ there: String, _ here: String) -> String {
    let read = [there, here].map { (try? JSONValue(parsing: $0, from: "config")) ?? .null }
    let all = differences(read[0], read[1], at: "")
    let more = all.count > 3 ? "; and \(all.count - 3) more" : ""
    return all.isEmpty ? "it is written differently" : all.prefix(3).joined(separator: "; ") + more
  }

  private static func differences(_ there: JSONValue, _ here: JSONValue, at path: String) -> [String] {
    if there == here { return [] }
    if let left = there.members, let right = here.members {
      let names = left.map(\.name) + right.map(\.name).filter { there[$0] == nil }
      return names.flatMap { name in
        differences(there[name] ?? .null, here[name] ?? .null, at: path.isEmpty ? name : "\(path).\(name)")
      }
    }
    if let left = there.array, let right = here.array, left.count == right.count,
      left.contains(where: { $0.members != nil })
    {
      return zip(left, right).enumerated().flatMap { index, pair in
        differences(pair.0, pair.1, at: "\(path)[\(index)]")
      }
    }
    return ["\(path) is \(shown(there)) there and \(shown(here)) here"]
  }

  private static func shown(_ value: JSONValue) -> String {
    value == .null ? "not given" : JSONWriter.compact(value).shownInMessages
  }
}
