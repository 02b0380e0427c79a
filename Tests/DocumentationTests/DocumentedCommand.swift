import Support

/// A command that a document shows: an indented line that begins with a program's name, with the lines that continue it.
struct DocumentedCommand: CustomStringConvertible, Sendable {
  var document: String
  var words: [String]
  var description: String { "\(document): \(words.joined(separator: " "))" }

  /// Programs whose lines in a document are commands.
  static let programs: Set<String> = ["trainyard", "cc", "swift"]

  static func all(in document: String, programs: Set<String> = programs) throws -> [DocumentedCommand] {
    let text = String(decoding: try readFile(packageFolder() + "/" + document), as: UTF8.self)
    var commands: [DocumentedCommand] = []
    var open = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      guard line.hasPrefix("    ") else {
        open = false
        continue
      }
      // What follows '  #' explains.
      var words = line.split(separator: " ").map(String.init)
      if let comment = words.firstIndex(of: "#") { words.removeSubrange(comment...) }
      let continues = words.last == "\\"
      if continues { words.removeLast() }
      if open {
        commands[commands.count - 1].words += words
      } else if let first = words.first, programs.contains(first) || words.starts(with: ["make", "-C"]) {
        commands.append(DocumentedCommand(document: document, words: words))
      } else {
        continue
      }
      open = continues
    }
    return commands
  }
}
