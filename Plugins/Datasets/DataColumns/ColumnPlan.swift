import PluginKit

/// What one column of a table is for.
package struct ColumnPlan {
  package enum Content {
    case number, category
    /// A number when every cell is one, else a category.
    case numberOrCategory
    /// A whole number when every cell is one, else a category: a name for rows or for groups of them.
    case key
  }

  package var name: String
  /// From 0.
  package var position: Int
  package var role: Field.Role
  package var content: Content
}

/// Which columns of a table are for what: options that datasets of tables have in common.
package struct ColumnChoice {
  package enum TargetType: String, OptionChoice { case auto, category, number }

  /// Of the table, for errors.
  package var path: String
  package var target: [String] = []
  package var targetType = TargetType.auto
  package var targetOptional = false
  package var features: [String] = []
  package var categorical: [String] = []
  package var ignore: [String] = []
  package var weight: String?
  package var group: String?
  package var id: String?

  package init(path: String) { self.path = path }

  /// What the options make of the columns: features in their order, then targets, weight, group and id.
  /// - Parameter hint: what to do where there is but one column, and that is no feature.
  package func plan(_ names: [String], hint: String) throws -> [ColumnPlan] {
    let positions = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    let targets = targetOptional ? target.filter { positions[$0] != nil } : target
    let uses: [(option: String, names: [String], role: Field.Role?)] = [
      ("features", features, .feature), ("target", targets, .target),
      ("weight", weight.map { [$0] } ?? [], .weight),
      ("group", group.map { [$0] } ?? [], .group), ("id", id.map { [$0] } ?? [], .id),
      ("ignore", ignore, nil),
    ]
    var used: [String: String] = [:]
    for use in uses + [("categorical", categorical, nil)] {
      for name in use.names where positions[name] == nil { throw unknown(name, in: use.option, of: names) }
    }
    for use in uses {
      for name in use.names {
        guard let other = used.updateValue(use.option, forKey: name) else { continue }
        throw PluginError(
          other == use.option
            ? "`\(other)` lists column '\(name)' twice"
            : "column '\(name)' is listed in `\(other)` and in `\(use.option)`",
          help: "take it out of one of them")
      }
    }

    let categories = Set(categorical)
    if let weight, categories.contains(weight) {
      throw PluginError(
        "column '\(weight)' is the weight, and `categorical` lists it", help: "weights are numbers")
    }
    if let name = target.first(where: categories.contains), targetType == .number {
      throw PluginError(
        "`target_type` is number, and `categorical` lists the target '\(name)'", help: "take one of them out")
    }
    func content(_ name: String, _ role: Field.Role) -> ColumnPlan.Content {
      if categories.contains(name) { return .category }
      switch (role, targetType) {
      case (.target, .auto): return .numberOrCategory
      case (.target, .category): return .category
      case (.group, _), (.id, _): return .key
      default: return .number
      }
    }
    let others = names.filter { used[$0] == nil && !target.contains($0) }
    let plans =
      [("features", features.isEmpty ? others : features, Field.Role.feature)]
      + uses.dropFirst()
      .compactMap { use in use.role.map { (use.option, use.names, $0) } }
    let columns = plans.flatMap { _, names, role in
      names.compactMap { name in
        positions[name].map {
          ColumnPlan(name: name, position: $0, role: role, content: content(name, role))
        }
      }
    }
    guard columns.contains(where: { $0.role == .feature }) else {
      throw PluginError(
        "'\(path)' has no column to learn from: each of its \(names.count) has another use",
        help: names.count == 1 ? hint : "check `target` and `ignore`")
    }
    return columns
  }

  private func unknown(_ name: String, in option: String, of names: [String]) -> PluginError {
    let all =
      names.count <= 20
      ? "its columns are " + names.joined(separator: ", ") : "it has \(names.count) columns"
    let nearest = nearestName(to: name, in: names).map { "did you mean '\($0)'? " } ?? ""
    return PluginError(
      "`\(option)` names a column '\(name)', which '\(path)' does not have", help: nearest + all)
  }
}
