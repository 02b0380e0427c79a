/// Fields as one line of a CSV file, ended by CR LF. A field is quoted only where it must be.
public struct CSVRow {
  public var separator: Unicode.Scalar

  public init(separator: Unicode.Scalar) { self.separator = separator }

  public func line(_ fields: [String]) -> String {
    var line = String.UnicodeScalarView()
    for (index, field) in fields.enumerated() {
      if index > 0 { line.append(separator) }
      append(field, to: &line)
    }
    line.append(contentsOf: "\r\n".unicodeScalars)
    return String(line)
  }

  // By scalars: to Swift, CR LF is a single character.
  private func append(_ field: String, to line: inout String.UnicodeScalarView) {
    let scalars = field.unicodeScalars
    guard scalars.contains(where: { $0 == separator || $0 == "\"" || $0 == "\r" || $0 == "\n" }) else {
      line.append(contentsOf: scalars)
      return
    }
    line.append("\"")
    for scalar in scalars {
      if scalar == "\"" { line.append("\"") }
      line.append(scalar)
    }
    line.append("\"")
  }

  /// A list as Keras writes it: the text `"[0.1, 0.2]"` with those quotes, which quoting then doubles.
  public static func list(_ values: [Double]) -> String {
    "\"[" + values.map(\.pythonRepr).joined(separator: ", ") + "]\""
  }

  /// The columns of a log whose first epoch has these names: sorted by code point, and, where validation has
  /// not run yet, each with its `val_` twin at the end.
  public static func columns(for names: [String]) -> [String] {
    let sorted = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    if sorted.contains(where: { $0.hasPrefix("val_") }) { return sorted }
    return sorted + sorted.map { "val_" + $0 }
  }
}
