/// A table of a model's weights, laid out for people.
struct SummaryTable {
  struct Weight {
    var name: String
    var shape: [Int]
    var isTrainable: Bool
    var elementSize: Int

    var count: Int { shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue } }
  }

  private struct Row {
    var name: String
    var shapes: [String]
    var count: Int
  }

  var weights: [Weight]
  /// Weights whose names agree in so many parts, between points or slashes, make a row; −1: in all but the last.
  var depth: Int

  /// The lines, without line ends.
  var lines: [String] {
    let cells = rows.map { [$0.name, $0.shapes.joined(separator: " "), Self.grouped($0.count)] }
    let table = [["name", "shape", "parameters"]] + cells
    let widths = (0..<3).map { column in table.map { $0[column].count }.max() ?? 0 }
    func line(_ row: [String]) -> String {
      let padded = [left(row[0], widths[0]), left(row[1], widths[1]), right(row[2], widths[2])]
      return padded.joined(separator: "  ")
    }
    let rule = String(repeating: "-", count: widths.reduce(4, +))
    return [line(table[0]), rule] + cells.map(line) + [rule] + totals
  }

  /// In the order in which they first come.
  private var rows: [Row] {
    if depth == 0 { return [] }
    var rows: [Row] = []
    var places: [String: Int] = [:]
    for weight in weights {
      let name = group(of: weight.name)
      let place = places[name] ?? rows.count
      if place == rows.count {
        places[name] = place
        rows.append(Row(name: name, shapes: [], count: 0))
      }
      rows[place].shapes.append("[" + weight.shape.map(String.init).joined(separator: ", ") + "]")
      rows[place].count &+= weight.count
    }
    return rows
  }

  /// The first parts of a name, at most `depth` and all but the last, with what stands between them.
  private func group(of name: String) -> String {
    let ends = name.indices.filter { name[$0] == "." || name[$0] == "/" }
    guard let last = ends.last else { return name }
    return String(name[..<(depth > 0 && depth < ends.count ? ends[depth - 1] : last)])
  }

  private var totals: [String] {
    let all = weights.reduce(0) { $0 &+ $1.count }
    let trainable = weights.filter(\.isTrainable).reduce(0) { $0 &+ $1.count }
    let bytes = weights.reduce(0) { $0 &+ $1.count &* $1.elementSize }
    return [
      "total: \(Self.grouped(all)) (\(Self.size(bytes)))", "trainable: \(Self.grouped(trainable))",
      "not trainable: \(Self.grouped(all &- trainable))",
    ]
  }

  /// `101,770`.
  static func grouped(_ number: Int) -> String {
    let digits = Array(String(number))
    return digits.indices.reduce(into: "") { text, index in
      if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
      text.append(digits[index])
    }
  }

  /// `397.5 KiB`; whole bytes below 1024.
  static func size(_ bytes: Int) -> String {
    if bytes < 1024 { return "\(bytes) bytes" }
    var tenths = bytes.multipliedReportingOverflow(by: 10).partialValue
    var unit = 0
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
    while tenths >= 10240, unit < units.count - 1 {
      tenths = (tenths + 512) / 1024
      unit += 1
    }
    return "\(tenths / 10).\(tenths % 10) \(units[unit])"
  }

  private func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: width - text.count)
  }

  private func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: width - text.count) + text
  }
}
