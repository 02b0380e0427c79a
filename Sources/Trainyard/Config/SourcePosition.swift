/// Where something stands in a text that a person wrote: `pipeline.yaml:12:7`.
public struct SourcePosition: Hashable, Sendable, CustomStringConvertible {
  /// The file as the user named it, or what else the text is, such as `--callback`.
  public var file: String
  /// From 1. 0: the text is a single line, as on the command line.
  public var line: Int
  /// In characters (Unicode scalars), from 1. 0: the text as a whole.
  public var column: Int

  public init(file: String, line: Int = 0, column: Int = 0) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// On the command line, in the value of a flag.
  public var isFlag: Bool { file.hasPrefix("--") }

  public var description: String {
    if line > 0 { return "\(file):\(line):\(column)" }
    return column > 0 ? "\(file), character \(column)" : file
  }

  /// Of a node that no text stands behind.
  public static let none = SourcePosition(file: "")
}
