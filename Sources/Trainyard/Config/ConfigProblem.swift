import PluginHost

/// One thing that is wrong with a config: what, where, and what to do about it.
public struct ConfigProblem: Error, Hashable, Sendable {
  public enum Code: String, Sendable, CaseIterable {
    /// The text cannot be read.
    case unreadableFile, invalidUTF8, syntax, tooLarge, tooDeep, tooManyValues, severalDocuments
    /// The text can be read and says something that we refuse.
    case duplicateKey, tag, unknownAlias, wrongMerge, numberTooLarge
    /// The text is fine and its values are not.
    case unknownKey, missingKey, wrongType, outOfRange, notAChoice, wrongValue, conflict, duplicateName
    /// What is asked for is part of the design and is not built.
    case notSupportedYet
    /// An option that its plugin describes wrongly.
    case wrongOptionSpec
  }

  public var code: Code
  /// What went wrong, found and expected.
  public var message: String
  public var position: SourcePosition?
  /// The place in the config, `callbacks[0]`.
  public var place: String
  /// What the user can do about it.
  public var help: String

  public init(
    _ code: Code, _ message: String, at position: SourcePosition? = nil, in place: String = "",
    help: String = ""
  ) {
    self.code = code
    self.message = message
    self.position = position == SourcePosition.none ? nil : position
    self.place = place
    self.help = help
  }

  /// Position and place as one text.
  public var location: String {
    // On a command line the flag is both.
    [position?.description ?? "", position?.file == place ? "" : place].filter { !$0.isEmpty }
      .joined(separator: ", ")
  }

  /// The problem as it is shown to the user.
  public var rendered: String {
    var text = "error: \(message)"
    if !location.isEmpty { text += "\n  where: \(location)" }
    if !help.isEmpty { text += "\n  help:  \(help)" }
    return text
  }
}

/// All problems of a config, in the order of the text.
public struct ConfigProblems: Error, Equatable, Sendable, CustomStringConvertible {
  public var problems: [ConfigProblem]

  public init(_ problems: [ConfigProblem]) {
    self.problems = problems
  }

  public var rendered: String {
    problems.map(\.rendered).joined(separator: "\n\n")
  }

  public var description: String { rendered }
}

extension [ConfigProblem] {
  /// From the top of the file to its end; what has no position comes last.
  public var inOrderOfText: [ConfigProblem] {
    enumerated().sorted { left, right in
      let (one, two) = (left.element.position, right.element.position)
      switch (one, two) {
      case (let one?, let two?):
        return (one.line, one.column, left.offset) < (two.line, two.column, right.offset)
      case (_?, nil): return true
      case (nil, _?): return false
      case (nil, nil): return left.offset < right.offset
      }
    }.map(\.element)
  }
}

extension StringProtocol {
  /// A text of the user's as a message may show it: on one line, of bounded length, and without anything
  /// that a terminal would act upon.
  var shownInMessages: String {
    var shown = ""
    var count = 0
    for scalar in unicodeScalars {
      if count == 80 { return shown + "…" }
      count += 1
      if scalar.steersTerminals || scalar.isInvisible {
        shown += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        shown.unicodeScalars.append(scalar)
      }
    }
    return shown
  }
}

extension Unicode.Scalar {
  /// Whether it is, or may be, nothing to be seen, so that two different names look alike.
  fileprivate var isInvisible: Bool {
    switch properties.generalCategory {
    case .format, .surrogate, .privateUse, .unassigned: true
    default: false
    }
  }
}
