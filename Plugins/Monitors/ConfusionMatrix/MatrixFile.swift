/// Confusion matrices as CSV: a line for each pass and true class.
enum MatrixFile {
  /// `folder/val_name` for `folder/name`.
  static func validationPath(_ path: String) -> String {
    let start = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    return path[..<start] + "val_" + path[start...]
  }

  static func header(_ classes: [String]) -> String {
    line(["pass", "target"] + classes.map(quoted))
  }

  /// - Parameter matrix: Cells by target, then prediction.
  static func rows(_ matrix: [Double], _ classes: [String], pass: Int) -> String {
    classes.indices.map { target in
      let start = target * classes.count
      return line(
        [String(pass), quoted(classes[target])] + matrix[start..<start + classes.count].map(number))
    }.joined()
  }

  private static func line(_ fields: [String]) -> String { fields.joined(separator: ",") + "\n" }

  /// Counts without a decimal point.
  private static func number(_ value: Double) -> String {
    Int64(exactly: value).map { String($0) } ?? "\(value)"
  }

  private static func quoted(_ text: String) -> String {
    guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
      + "\""
  }
}
