import DataColumns
import Glibc
import PluginKit

/// Which rows to read of which database, and as what: the options of the plugin `sqlite`, which say what each means.
package struct SQLiteSettings {
  package var path: String
  package var query: String
  /// Which columns are for what.
  package var choice: ColumnChoice

  package init(path: String, query: String) {
    self.path = path
    self.query = query
    choice = ColumnChoice(path: path)
  }

  /// Runs the query: features in their order, then targets, weight, group and id. The file is untrusted.
  package func columns() throws -> [Column] {
    let database = try QueriedDatabase(path)
    let rows = try database.prepare(query)
    let names = try columnNames(rows)
    let plans = try choice.plan(names, hint: "name more columns in `query`")
    let builders = try plans.map { try ValueBuilder($0, targetOptional: choice.targetOptional, path: path) }
    var count = 0
    while try rows.step() {
      for builder in builders { try builder.add(rows, row: count) }
      count += 1
    }
    return try builders.compactMap { try $0.column() }
  }

  private func columnNames(_ rows: QueriedRows) throws -> [String] {
    var positions: [String: Int] = [:]
    let names = rows.names
    for (index, name) in names.enumerated() {
      guard let first = positions.updateValue(index, forKey: name) else { continue }
      throw PluginError(
        "columns \(first + 1) and \(index + 1) of the query are both named '\(name)'",
        help: "give one another name: \(name) AS other_name")
    }
    return names
  }
}
