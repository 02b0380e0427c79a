import PluginHost

/// Rules about a library as a file, and about what it says of itself; see also `Rule.opens`.
extension Rule {
  static let loadRules: [Rule] = [
    Rule(
      "load-exports", "The library exports 'trainyard_plugin' and nothing else.", scope: .library,
      level: .quick
    ) { try exportsOneSymbol($0) },
    Rule(
      "load-documentation", "Every component and every option says what it is for.", scope: .library,
      level: .quick
    ) { try isDocumented($0) },
  ]

  // MARK: Exports

  /// What a linker adds to every library of its own accord.
  private static let linkersOwn: Set<String> = [
    "_init", "_fini", "__bss_start", "_edata", "edata", "_end", "end", "_etext", "etext", "__end__",
  ]

  private static func exportsOneSymbol(_ context: RuleContext) throws -> Verdict {
    guard let symbols = try ExportedSymbol.all(in: context.libraryPath) else {
      throw Skip("the file has lost its section headers, which say what it exports")
    }
    let others = symbols.filter { $0.name != "trainyard_plugin" && !linkersOwn.contains($0.name) }
    guard symbols.contains(where: { $0.name == "trainyard_plugin" }) else {
      return .failed("it does not export 'trainyard_plugin'")
    }
    let advice =
      "to do: compile with -fvisibility=hidden and mark the entry TY_EXPORT, "
      + "or link with a version script that names trainyard_plugin alone"
    let strong = others.filter { !$0.isWeak }
    if !strong.isEmpty {
      return .failed("it also exports \(list(strong.map(\.name)))", detail: [advice])
    }
    if !others.isEmpty {
      return .warning(
        "it also exports \(list(others.map(\.name))), which a C++ compiler makes of templates",
        detail: [advice])
    }
    return .passed
  }

  /// "'a', 'b' and 7 more".
  static func list(_ names: [String], most: Int = 4) -> String {
    let shown = names.sorted().prefix(most).map { "'\($0)'" }
    let rest = names.count - shown.count
    return rest > 0 ? shown.joined(separator: ", ") + " and \(rest) more" : shown.joined(separator: ", ")
  }

  // MARK: Documentation

  private static func isDocumented(_ context: RuleContext) throws -> Verdict {
    var missing: [String] = []
    for component in try context.calling("trainyard_plugin", { try context.library() }).components {
      if component.summary.isBlank { missing.append("'\(component.id)' has no summary") }
      for option in component.options where option.doc.isBlank {
        missing.append("the option '\(option.key)' of '\(component.id)' has no doc")
      }
    }
    guard let first = missing.first else { return .passed }
    let more = missing.count > 1 ? ", and \(missing.count - 1) more like it" : ""
    return .warning(first + more, detail: Array(missing.dropFirst().prefix(20)))
  }
}

extension String {
  fileprivate var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
