import PluginHost

/// What is to be checked, and how much.
public struct CheckRequest: Sendable {
  /// An id, or a path of a library.
  public var library: String
  /// Only this one of the library's components.
  public var component: String?
  public var level = Rule.Level.standard
  /// Only these rules, whatever their level; empty: all of the level.
  public var rules: [String] = []
  /// Not these.
  public var skip: [String] = []
  public var seed: UInt64 = 1
  public var options: [(key: String, text: String)] = []
  /// For each rule; `nil`: each has its own.
  public var deadline: Duration?
  /// Folders in which ids are looked for, in this order; absolute paths.
  public var searchFolders: [String]

  public init(_ library: String, searchFolders: [String] = []) {
    self.library = library
    self.searchFolders = searchFolders
  }

  /// Throws `CheckError` for an id that no rule has.
  func checkRuleIDs(_ known: [Rule]) throws {
    for id in rules + skip where !known.contains(where: { $0.id == id }) {
      let nearest = NearestName.of(id, among: known.map(\.id)).map { "did you mean '\($0)'? " } ?? ""
      throw CheckError(
        "there is no rule '\(id)'", help: nearest + "`trainyard check --rules` lists all \(known.count)")
    }
  }

  func selects(_ rule: Rule) -> Bool {
    guard !skip.contains(rule.id) else { return false }
    return rules.isEmpty ? rule.level <= level : rules.contains(rule.id)
  }
}
