import Conformance
import Trainyard

/// A report of a check as a person reads it: a line for each rule, and under one that failed what shows it.
struct CheckText {
  /// Whether verdicts are coloured.
  let colour: Bool
  /// What checks the same again.
  let command: String

  private static let width = Rule.all.map(\.id.count).max() ?? 0

  func head(_ report: CheckReport) -> String {
    var lines = ["checking \(report.library.path)"]
    for component in report.library.components {
      lines.append("  \(component.kind.name) '\(component.id)', version \(component.version)")
    }
    var facts = "level \(report.level.name), seed \(report.seed)"
    if !report.skipped.isEmpty { facts += ", without \(report.skipped.joined(separator: ", "))" }
    return (lines + ["  " + facts, "", ""]).joined(separator: "\n")
  }

  func line(_ result: CheckResult) -> String {
    let verdict = result.verdict
    let name = Self.pad(result.rule.id, Self.width)
    var lines = ["\(name)  \(verdict.summary.isEmpty ? result.rule.sentence : verdict.summary)"]
    if verdict.outcome == .warning || verdict.outcome.isFault {
      let indent = String(repeating: " ", count: 12)
      if !verdict.summary.isEmpty { lines.append(indent + "the rule: \(result.rule.sentence)") }
      if let component = result.component { lines.append(indent + "of:       \(component)") }
      lines += verdict.detail.map { indent + $0 }
    }
    // A plugin's words must not move the cursor or change colours.
    let text = lines.map { $0.shownOnTerminals() }.joined(separator: "\n")
    return "  \(mark(verdict.outcome)) \(text)\n"
  }

  func foot(_ report: CheckReport) -> String {
    let counts = Verdict.Outcome.allCases.compactMap { outcome in
      let count = report.count(outcome)
      return count > 0 || outcome == .passed || outcome == .failed ? "\(count) \(outcome.rawValue)" : nil
    }
    var text = "\n" + counts.joined(separator: ", ") + "\n"
    let faults = report.results.filter { $0.verdict.outcome.isFault }.map(\.rule.id)
    if let first = faults.first { text += "to see one again: \(command) --rule \(first)\n" }
    return text
  }

  private func mark(_ outcome: Verdict.Outcome) -> String {
    let word = Self.pad(outcome.rawValue, 7)
    guard colour else { return word }
    let code =
      switch outcome {
      case .passed: 32
      case .warning: 33
      case .failed, .crashed: 31
      case .skipped: 90
      }
    return "\u{1B}[\(code)m\(word)\u{1B}[0m"
  }

  // MARK: The list of rules

  static func rules(json: Bool) -> String {
    if json {
      return JSONWriter.pretty(
        .array(
          Rule.all.map { rule in
            [
              "id": .string(rule.id), "sentence": .string(rule.sentence), "level": .string(rule.level.name),
              "kinds": .array(rule.kindNames.map { .string($0) }),
            ]
          }))
    }
    return Rule.all.map { rule in
      "\(pad(rule.id, width))  \(pad(rule.level.name, 8))  \(rule.sentence)\n"
    }.joined()
  }

  static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  /// For a shell.
  static func quoted(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
      default: "-_./=,:+@".utf8.contains(byte)
      }
    }
    return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }
}

extension Rule {
  /// The kinds of components that it is for; empty: it is about the library.
  var kindNames: [String] {
    guard case .component(let kinds) = scope else { return [] }
    return kinds.map(\.name).sorted()
  }
}
