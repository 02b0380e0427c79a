/// A line of CSV as RFC 4180 has it: cells with a comma, a quote or a line's end stand in quotes.
enum CSVLine {
  static func text(_ cells: [String]) -> String { cells.map(quoted).joined(separator: ",") + "\n" }

  static func quoted(_ text: String) -> String {
    guard text.utf8.contains(where: { special.contains($0) }) else { return text }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
      + "\""
  }

  private static let special = Set(",\"\r\n".utf8)
}
