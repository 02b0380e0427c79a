import Conformance

/// A report of a check in the form that build servers read: a suite for each component, a case for each rule.
struct JUnitReport {
  private let report: CheckReport

  init(_ report: CheckReport) { self.report = report }

  var text: String {
    var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>"]
    lines.append("<testsuites name=\"trainyard check\" \(counts(report.results))>")
    for name in suites {
      let results = report.results.filter { $0.component == name }
      lines.append(
        "  <testsuite name=\"\(Self.escaped(name ?? report.library.path))\" \(counts(results))>")
      lines.append("    <properties>")
      lines.append(property("level", report.level.name))
      lines.append(property("seed", "\(report.seed)"))
      lines.append(property("skip", report.skipped.joined(separator: ",")))
      lines.append("    </properties>")
      for result in results { lines += testCase(result, name ?? "library") }
      lines.append("  </testsuite>")
    }
    lines.append("</testsuites>")
    return lines.joined(separator: "\n") + "\n"
  }

  private var suites: [String?] {
    var names: [String?] = []
    for result in report.results where !names.contains(result.component) { names.append(result.component) }
    return names
  }

  private func counts(_ results: [CheckResult]) -> String {
    func count(_ outcome: Verdict.Outcome) -> Int { results.count { $0.verdict.outcome == outcome } }
    let time = Self.seconds(results.reduce(0) { $0 + $1.seconds })
    return "tests=\"\(results.count)\" failures=\"\(count(.failed))\" errors=\"\(count(.crashed))\" "
      + "skipped=\"\(count(.skipped))\" time=\"\(time)\""
  }

  private func property(_ name: String, _ value: String) -> String {
    "      <property name=\"\(name)\" value=\"\(Self.escaped(value))\"/>"
  }

  private func testCase(_ result: CheckResult, _ suite: String) -> [String] {
    let verdict = result.verdict
    let start =
      "    <testcase classname=\"\(Self.escaped(suite))\" name=\"\(result.rule.id)\" "
      + "time=\"\(Self.seconds(result.seconds))\""
    let message = Self.escaped(verdict.summary)
    let body = Self.escaped(([result.rule.sentence] + verdict.detail).joined(separator: "\n"))
    switch verdict.outcome {
    case .passed: return [start + "/>"]
    case .skipped: return [start + ">", "      <skipped message=\"\(message)\"/>", "    </testcase>"]
    case .warning:
      return [start + ">", "      <system-out>warning: \(message)\n\(body)</system-out>", "    </testcase>"]
    case .failed:
      return [start + ">", "      <failure message=\"\(message)\">\(body)</failure>", "    </testcase>"]
    case .crashed:
      return [start + ">", "      <error message=\"\(message)\">\(body)</error>", "    </testcase>"]
    }
  }

  private static func seconds(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }

  /// XML 1.0 has no way to write most control characters.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      default:
        let isLegal = scalar.value >= 32 && scalar.value != 0xFFFE && scalar.value != 0xFFFF
        result.unicodeScalars.append(isLegal ? scalar : "\u{FFFD}")
      }
    }
    return result
  }
}
