import Glibc
import Support
import Trainyard

/// The lines of `bench.jsonl`, by name: what a run measured replaces what was there.
struct Records {
  private(set) var records: [(name: String, json: JSONValue)] = []
  let path: String

  init(_ path: String) throws {
    self.path = path
    guard access(path, F_OK) == 0 else { return }
    for line in try readText(path).split(separator: "\n") {
      let json = try JSONValue(parsing: String(line), from: path)
      if let name = json["name"]?.string { records.append((name, json)) }
    }
  }

  mutating func put(_ json: JSONValue) {
    guard let name = json["name"]?.string else { return }
    records.removeAll { $0.name == name }
    records.append((name, json))
  }

  subscript(name: String) -> JSONValue? { records.first { $0.name == name }?.json }

  func write() throws {
    let ordered = Line.all.compactMap { self[$0.name] }
    try AtomicFile.write(ordered.map { JSONWriter.compact($0) + "\n" }.joined(), to: path)
  }
}

/// The tables of `docs/performance.md`, between their markers; all else of the page is written by hand.
struct Page {
  let records: Records

  func write(to path: String) throws {
    var text = try readText(path)
    text = try replace("figures", in: text, by: figures, path)
    text = try replace("growth", in: text, by: growth, path)
    try AtomicFile.write(text, to: path)
  }

  private func replace(_ part: String, in text: String, by table: String, _ path: String) throws -> String {
    let (begin, end) = ("<!-- begin: \(part) -->\n", "<!-- end: \(part) -->")
    let pieces = text.split(around: begin)
    guard let pieces, let rest = pieces.after.split(around: end) else {
      throw TestError("\(path) has no markers for '\(part)'")
    }
    return pieces.before + begin + "\n" + table + "\n" + end + rest.after
  }

  private var figures: String {
    var text = "| What | Figure | Goal | Reached | Range | `make bench` |\n|---|---|---|---|---|---|\n"
    for line in Line.all where line.group != "growth" { text += row(line) }
    let machines = Set(records.records.compactMap { $0.json["machine"]?.string }).sorted()
    for machine in machines { text += "\nMeasured on: \(machine)." }
    let loads = records.records.compactMap { $0.json["load"]?.double }
    if let most = loads.max() {
      text += " Load of the machine when a case began: at most \(Number.short(most)).\n"
    }
    return text
  }

  private func row(_ line: Line) -> String {
    let goal = line.goal?.text ?? "–"
    guard let record = records[line.name], let value = record["value"]?.double else {
      return "| \(line.title) | not measured yet | \(goal) | – | – | `BENCH=\(line.group)` |\n"
    }
    let reached = record["reached"]?.bool.map { $0 ? "yes" : "**no**" } ?? "–"
    let (low, high) = (record["lowest"]?.double ?? value, record["highest"]?.double ?? value)
    let range = low == high ? "–" : "\(Number.short(low)) to \(Number.short(high))"
    let parts = (record["parts"]?.members ?? []).compactMap { part in
      part.value.double.map { "\(part.name) \(Number.short($0))" }
    }
    let detail = parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
    let unit = line.unit.isEmpty ? "" : " \(line.unit)"
    return
      "| \(line.title) | \(Number.short(value))\(unit)\(detail) | \(goal) | \(reached) | \(range) | `BENCH=\(line.group)` |\n"
  }

  private var growth: String {
    var text = "| What | Exponent | Points |\n|---|---|---|\n"
    for line in Line.all where line.group == "growth" {
      guard let record = records[line.name], let value = record["value"]?.double else {
        text += "| \(line.title) | not measured yet | – |\n"
        continue
      }
      let points = (record["parts"]?.members ?? []).compactMap { part in
        part.value.double.map { "\(part.name): \(Chart.seconds($0))" }
      }
      let title = line.title.hasSuffix(": exponent") ? String(line.title.dropLast(10)) : line.title
      text += "| \(title) | \(Number.short(value)) | \(points.joined(separator: ", ")) |\n"
    }
    return text
  }
}

extension String {
  fileprivate func split(around separator: String) -> (before: String, after: String)? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(separator) {
        return (String(self[..<start]), String(self[index(start, offsetBy: separator.count)...]))
      }
      start = index(after: start)
    }
    return nil
  }
}
