import Conformance
import Support
import Testing

/// What is said of the rules, in one place and another.
@Suite struct RuleListTests {
  @Test func `ids are unique, and sentences are sentences`() {
    let ids = Rule.all.map(\.id)
    #expect(Set(ids).count == ids.count)
    for rule in Rule.all {
      #expect(rule.id.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" }, "\(rule.id)")
      #expect(rule.sentence.hasSuffix("."), "\(rule.sentence)")
    }
  }

  /// The table of docs/check.md.
  static var table: String {
    let rows = Rule.all.map { rule in
      let kinds =
        switch rule.scope {
        case .library: "library"
        case .component(let kinds):
          kinds.count == 4 ? "all" : kinds.map(\.name).sorted().joined(separator: ", ")
        }
      return "| `\(rule.id)` | \(kinds) | \(rule.level.name) | \(rule.sentence) |"
    }
    return (["| rule | of | from level | says |", "|---|---|---|---|"] + rows).joined(separator: "\n") + "\n"
  }

  @Test func `docs/check.md has the table of all rules`() throws {
    let text = try readText(packageFolder() + "/docs/check.md")
    #expect(text.hasSuffix("-->\n\n" + Self.table), "the end of docs/check.md should be:\n\(Self.table)")
  }
}
