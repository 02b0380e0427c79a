/// A plugin as it is written on the command line: `early-stopping:patience=3,monitor=loss`.
///
/// What comes first is an id, which ends at the first `:`, or a path, which is what has a `/` before that.
/// A path ends at the first `:` that is followed by `key=`, or that no further `/` follows, so that colons
/// inside folder names do no harm. The options are `key=value`, with commas between them. Values are written
/// as inside YAML brackets: `[128, 64]`, `{a: 1}`, `'a, b'`, `1e-3`.
public struct InlineSpec: Equatable, Sendable {
  /// The id or path.
  public var plugin: String
  /// A map.
  public var options: ConfigNode
  public var position: SourcePosition

  /// The same as it would stand in a pipeline file: `{plugin: early-stopping, patience: 3}`.
  public func node(pluginKey: String = "plugin") -> ConfigNode {
    let head = ConfigNode.Entry(
      key: pluginKey, keyPosition: position, value: ConfigNode(.string(plugin), at: position))
    return ConfigNode(.map([head] + options.entries), at: position)
  }
}

extension ConfigNode {
  /// Reads `id:key=value,key=[a, b]`. `source` is what problems call the text, such as `--callback`.
  public static func parseInline(_ text: String, from source: String) throws(ConfigProblems) -> InlineSpec {
    var parser = InlineParser(text, source)
    return try parser.spec()
  }
}

private struct InlineParser {
  let characters: [Unicode.Scalar]
  let source: String
  var problems: [ConfigProblem] = []

  init(_ text: String, _ source: String) {
    characters = Array(text.unicodeScalars)
    self.source = source
  }

  mutating func spec() throws(ConfigProblems) -> InlineSpec {
    let end = headEnd()
    let head = text(0..<end)
    if head.isEmpty {
      fail(
        .syntax, "no plugin is named", at: 0,
        help: "write id:key=value,key=value, as in early-stopping:patience=3")
    }
    var entries: [ConfigNode.Entry] = []
    if end < characters.count { entries = options(from: end + 1) }
    guard problems.isEmpty else { throw ConfigProblems(problems) }
    return InlineSpec(
      plugin: head, options: ConfigNode(.map(entries), at: position(0)), position: position(0))
  }

  private func headEnd() -> Int {
    guard let first = characters.firstIndex(of: ":") else { return characters.count }
    guard characters[..<first].contains("/") else { return first }
    let colons = characters.indices.filter { characters[$0] == ":" }
    return colons.first { colon in
      let rest = characters[(colon + 1)...]
      let key = rest.prefix { isKeyCharacter($0) }
      return !key.isEmpty && rest.dropFirst(key.count).first == "=" || !rest.contains("/")
    } ?? characters.count
  }

  private mutating func options(from start: Int) -> [ConfigNode.Entry] {
    var entries: [ConfigNode.Entry] = []
    let parts = parts(from: start)
    if !problems.isEmpty { return [] }
    for part in parts {
      let trimmed = withoutBlanks(part)
      let equals = characters[trimmed].firstIndex(of: "=") ?? trimmed.upperBound
      let keyRange = withoutBlanks(trimmed.lowerBound..<equals)
      guard equals < trimmed.upperBound, !keyRange.isEmpty, characters[keyRange].allSatisfy(isKeyCharacter)
      else {
        fail(
          .syntax, "expected key=value, found '\(text(trimmed).shownInMessages)'", at: trimmed.lowerBound,
          help: "options are key=value with commas between them; put quotes around a value that has a comma")
        continue
      }
      let key = text(keyRange)
      if let before = entries.first(where: { $0.key == key }) {
        problems.append(.duplicateKey(key, at: position(trimmed.lowerBound), before: before.keyPosition))
        continue
      }
      guard let value = value((equals + 1)..<trimmed.upperBound) else { continue }
      entries.append(ConfigNode.Entry(key: key, keyPosition: position(trimmed.lowerBound), value: value))
    }
    return entries
  }

  /// What lies between the commas that no bracket and no quotes enclose.
  private mutating func parts(from start: Int) -> [Range<Int>] {
    var parts: [Range<Int>] = []
    var partStart = start
    var depth = 0
    var index = start
    // A quote opens a text only where a value may begin: the one in "it's" does not.
    var mayOpen = true
    while index < characters.count {
      let character = characters[index]
      switch character {
      case "'", "\"":
        if mayOpen { index = closingQuote(of: character, from: index) }
        mayOpen = false
      case "[", "{":
        depth += 1
        mayOpen = true
      case "]", "}":
        depth -= 1
        mayOpen = false
        if depth < 0 {
          fail(
            .syntax, "'\(character)' closes nothing", at: index,
            help: "put a text that has brackets in quotes, which the shell needs quoted again")
          depth = 0
        }
      case ",":
        if depth == 0 {
          parts.append(partStart..<index)
          partStart = index + 1
        }
        mayOpen = true
      case "=", ":": mayOpen = true
      case " ": break
      default: mayOpen = false
      }
      index += 1
    }
    return parts + [partStart..<characters.count]
  }

  private func closingQuote(of quote: Unicode.Scalar, from start: Int) -> Int {
    var index = start + 1
    while index < characters.count {
      if quote == "\"" && characters[index] == "\\" {
        index += 1
      } else if characters[index] == quote {
        let isDoubled = quote == "'" && index + 1 < characters.count && characters[index + 1] == quote
        if !isDoubled { return index }
        index += 1
      }
      index += 1
    }
    return characters.count
  }

  /// Read as the one element of a list, since that is where the rules of flow scalars hold.
  private mutating func value(_ range: Range<Int>) -> ConfigNode? {
    if text(range).allSatisfy({ $0 == " " }) { return ConfigNode(.null, at: position(range.lowerBound)) }
    do throws(ConfigProblems) {
      let list = try ConfigReader.read(
        Array("[\(text(range))]".utf8), from: position(range.lowerBound - 1), limits: ConfigLimits())
      if list.elements.count == 1 { return list.elements[0] }
      fail(
        .syntax, "'\(text(range).shownInMessages)' is not one value", at: range.lowerBound,
        help: "put a text that has brackets or commas in quotes")
    } catch {
      problems += error.problems
    }
    return nil
  }

  private func withoutBlanks(_ range: Range<Int>) -> Range<Int> {
    let characters = characters[range]
    let first = characters.firstIndex { $0 != " " } ?? range.upperBound
    let last = characters.lastIndex { $0 != " " } ?? first - 1
    return first..<(last + 1)
  }

  private func isKeyCharacter(_ character: Unicode.Scalar) -> Bool {
    character.isASCII && (character.properties.isAlphabetic || character.properties.numericType != nil)
      || character == "_" || character == "-" || character == "."
  }

  private func text(_ range: Range<Int>) -> String {
    var text = ""
    text.unicodeScalars.append(contentsOf: characters[range])
    return text
  }

  private func position(_ index: Int) -> SourcePosition {
    SourcePosition(file: source, column: index + 1)
  }

  private mutating func fail(_ code: ConfigProblem.Code, _ message: String, at index: Int, help: String) {
    problems.append(ConfigProblem(code, message, at: position(index), help: help))
  }
}
