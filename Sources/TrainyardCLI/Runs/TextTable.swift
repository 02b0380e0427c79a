/// Rows and columns for a terminal: aligned, and no wider than it is.
struct TextTable {
  enum Alignment { case left, right }

  var columns: [(title: String, alignment: Alignment)]
  var rows: [[String]] = []
  /// Titles of columns that a narrow terminal does without, the first one first.
  var dispensable: [String] = []

  init(_ columns: [(title: String, alignment: Alignment)]) { self.columns = columns }

  mutating func add(_ cells: [String]) { rows.append(cells.map(Self.printable)) }

  /// Columns that no row has anything in are left out.
  mutating func dropEmptyColumns() {
    let kept = columns.indices.filter { index in rows.contains { !$0[index].isEmpty } }
    columns = kept.map { columns[$0] }
    rows = rows.map { row in kept.map { row[$0] } }
  }

  /// - Parameter width: Of the terminal; `nil`: lines are as long as they are.
  func text(width: Int?) -> String {
    var table = self
    if let width { table.drop(to: width) }
    return table.lines(width)
  }

  private mutating func drop(to width: Int) {
    for title in dispensable where total(widths) > width {
      guard let index = columns.firstIndex(where: { $0.title == title }) else { continue }
      columns.remove(at: index)
      for row in rows.indices { rows[row].remove(at: index) }
    }
  }

  private var widths: [Int] {
    columns.indices.map { index in
      rows.reduce(Self.width(columns[index].title)) { max($0, Self.width($1[index])) }
    }
  }

  /// With the blanks between columns.
  private func total(_ widths: [Int]) -> Int { widths.reduce(0, +) + 2 * (widths.count - 1) }

  private func lines(_ width: Int?) -> String {
    let all = [columns.map(\.title)] + rows
    var widths = self.widths
    if let width { shrink(&widths, to: width) }
    return all.map { row in
      let cells = row.indices.map { index -> String in
        let cell = Self.cut(row[index], to: widths[index])
        let blanks = String(repeating: " ", count: max(0, widths[index] - Self.width(cell)))
        return columns[index].alignment == .left ? cell + blanks : blanks + cell
      }
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
    }.joined()
  }

  /// Takes from the widest column of text as long as the line is too long; numbers are whole or not worth showing.
  private func shrink(_ widths: inout [Int], to width: Int) {
    var excess = total(widths) - width
    while excess > 0 {
      let texts = widths.indices.filter { columns[$0].alignment == .left && widths[$0] > 8 }
      guard let widest = texts.max(by: { widths[$0] < widths[$1] }) else { return }
      widths[widest] -= 1
      excess -= 1
    }
  }

  private static func cut(_ text: String, to width: Int) -> String {
    guard Self.width(text) > width else { return text }
    var cut = ""
    var used = 0
    for letter in text {
      used += Self.width(String(letter))
      if used > width - 1 { break }
      cut.append(letter)
    }
    return cut + "…"
  }

  /// Columns that a terminal gives a text: two for what East Asian scripts and emoji take.
  static func width(_ text: String) -> Int {
    text.reduce(0) { sum, letter in
      guard let scalar = letter.unicodeScalars.first, scalar.value >= 0x1100 else { return sum + 1 }
      let isWide = wide.contains { $0.contains(scalar.value) }
      return sum + (isWide ? 2 : 1)
    }
  }

  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
    0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD,
  ]

  /// A text of a store must not move the cursor.
  private static func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: \.steersTerminals) else { return text }
    return text.unicodeScalars.map { $0.steersTerminals ? " " : String($0) }.joined()
  }
}
