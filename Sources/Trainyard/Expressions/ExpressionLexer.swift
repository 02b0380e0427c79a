import Glibc

/// Cuts a formula into its words.
struct ExpressionLexer {
  enum Token: Equatable {
    case number(Double)
    case name(String)
    case symbol(String)
    case end

    var shown: String {
      switch self {
      case .number(let value): "the number \(value)"
      case .name(let name): "'\(name.shownInMessages)'"
      case .symbol(let symbol): "'\(symbol)'"
      case .end: "the end"
      }
    }
  }

  private let scalars: [Unicode.Scalar]
  private var index = 0
  private static let longest = 2000

  init(_ text: String) throws(ExpressionError) {
    scalars = Array(text.unicodeScalars)
    guard scalars.count <= Self.longest else {
      throw ExpressionError(
        "\(scalars.count) characters, and \(Self.longest) is the most", at: 0,
        help: "give parts of it names of their own, as further monitors")
    }
  }

  /// The next word, and where it begins.
  mutating func next() throws(ExpressionError) -> (token: Token, offset: Int) {
    while let scalar = peek, scalar.properties.isWhitespace { index += 1 }
    let start = index
    guard let first = peek else { return (.end, start) }
    if isDigit(first) || first == "." { return (try number(from: start), start) }
    if isLetter(first) {
      while let scalar = peek, isLetter(scalar) || isDigit(scalar) || scalar == "." { index += 1 }
      return (.name(text(from: start)), start)
    }
    if first == "'" || first == "\"" || first == "`" { return (try quoted(first, from: start), start) }
    index += 1
    if "<>=!".unicodeScalars.contains(first), peek == "=" {
      index += 1
      return (.symbol(text(from: start)), start)
    }
    guard "+-*/^<>(),".unicodeScalars.contains(first) else {
      let help =
        first == "=" ? "to compare, write '=='" : "a metric with other characters than letters goes in quotes"
      throw ExpressionError("'\(String(first).shownInMessages)' means nothing here", at: start, help: help)
    }
    return (.symbol(text(from: start)), start)
  }

  private mutating func number(from start: Int) throws(ExpressionError) -> Token {
    while let scalar = peek, isDigit(scalar) || scalar == "." { index += 1 }
    if peek == "e" || peek == "E" {
      index += 1
      if peek == "+" || peek == "-" { index += 1 }
      while let scalar = peek, isDigit(scalar) { index += 1 }
    }
    guard let value = Double(text(from: start)), value.isFinite else {
      throw ExpressionError("'\(text(from: start))' is no number", at: start, help: "write it as 0.5 or 1e-3")
    }
    return .number(value)
  }

  private mutating func quoted(_ mark: Unicode.Scalar, from start: Int) throws(ExpressionError) -> Token {
    index += 1
    while let scalar = peek, scalar != mark { index += 1 }
    guard peek == mark else {
      throw ExpressionError("a name in quotes without an end", at: start, help: "close it with \(mark)")
    }
    index += 1
    var name = String.UnicodeScalarView()
    name.append(contentsOf: scalars[(start + 1)..<(index - 1)])
    guard !name.isEmpty else { throw ExpressionError("an empty name", at: start, help: "name a metric") }
    return .name(String(name))
  }

  private var peek: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

  private func text(from start: Int) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars[start..<index])
    return String(text)
  }

  private func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
  private func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
  }
}
