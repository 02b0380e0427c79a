import PluginHost

/// The name of a new plugin, in the forms that its languages want.
struct ProjectName {
  /// As users of the plugin write it: `loss-gap`.
  let id: String
  /// As a file, a crate or a metric: `loss_gap`.
  let name: String
  /// As a type: `LossGap`.
  let type: String

  /// Throws `ProjectError.badName` unless the text can be a component's id.
  init(_ text: String) throws(ProjectError) {
    let isFine =
      text.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d }
      && text.utf8.first.map { (0x61...0x7a).contains($0) } == true && !text.hasSuffix("-")
      && !text.contains("--") && text.utf8.count <= 64
    guard isFine else { throw .badName(text, suggestion: Self.suggestion(text)) }
    id = text
    let words = text.split(separator: "-")
    let plain = words.joined(separator: "_")
    let camel = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    // Words that a language or the kit has taken.
    name = Self.keywords.contains(plain) ? plain + "_plugin" : plain
    type = Self.types.contains(camel) ? camel + "Plugin" : camel
  }

  private static func suggestion(_ text: String) -> String? {
    var result = ""
    for character in text {
      if character.isASCII, character.isLetter || character.isNumber {
        if character.isUppercase, result.last.map({ $0 != "-" && !$0.isNumber }) ?? false { result += "-" }
        result += character.lowercased()
      } else if !result.isEmpty, result.last != "-" {
        result += "-"
      }
    }
    while result.last == "-" { result.removeLast() }
    let start = result.drop { !$0.isLetter }
    return start.isEmpty ? nil : String(start.prefix(64))
  }

  private static let keywords: Set<String> = [
    "as", "break", "const", "continue", "crate", "else", "enum", "extern", "false", "fn", "for", "if", "impl",
    "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "static", "struct",
    "super", "trait", "true", "type", "unsafe", "use", "where", "while", "async", "await", "dyn", "test",
    "core",
    "std", "trainyard", "proc_macro", "abstract", "become", "box", "do", "final", "gen", "macro", "override",
    "priv",
    "try", "typeof", "unsized", "virtual", "yield",
  ]
  private static let types: Set<String> = [
    "Any", "Array", "Batch", "Bool", "Box", "Boxed", "Callback", "Clock", "Component", "Dataset", "Double",
    "Dtype",
    "Error", "Event", "Field", "Files", "Float", "Floats", "Host", "Int", "Life", "Logs", "Memory", "Metric",
    "Model",
    "Module", "Monitor", "Monitors", "Note", "Option", "Optional", "Optimizer", "Outcome", "Pass",
    "PluginKit",
    "Progress", "Protocol", "Read", "Reset", "Result", "Run", "Self", "Sink", "Source", "Static", "Status",
    "Step",
    "String", "Task", "Tensor", "Type", "Vec", "Weight", "Weights",
  ]
}
