import Conformance
import Support

/// A fixture with one fault, the rule that must find it, and the words that must name it.
struct Fault: Sendable, CustomStringConvertible {
  var source: String
  /// The macro that puts the fault in.
  var macro: String
  var rule: String
  var outcome = Verdict.Outcome.failed
  /// Of the summary or the detail.
  var words: [String]

  var description: String { "\(macro) in \(source).c" }

  /// Builds the fixture with the fault, or without one.
  static func library(_ source: String, _ macro: String?, in folder: TemporaryFolder) throws -> String {
    let path = packageFolder() + "/Tests/ConformanceTests/Fixtures/\(source).c"
    let flags = macro.map { ["-D\($0)", "-Wno-unused"] } ?? []
    return try compileLibrary([path], as: macro ?? source, in: folder, flags: flags)
  }
}

/// The checker, whose children are the program that the build has made.
func checker() throws -> Checker { Checker(program: try builtFolder() + "/trainyard") }

extension CheckResult {
  /// For the comment of an expectation.
  var text: String {
    ([rule.id, verdict.outcome.rawValue, verdict.summary] + verdict.detail).joined(separator: "\n  ")
  }
}
