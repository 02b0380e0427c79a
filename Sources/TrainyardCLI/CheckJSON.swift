import Conformance
import Trainyard

/// A report of a check for programs.
enum CheckJSON {
  static func object(_ report: CheckReport) -> JSONValue {
    [
      "plugin": .string(report.reference), "library": .string(report.library.path),
      "components": .array(
        report.library.components.map { component in
          [
            "id": .string(component.id), "kind": .string(component.kind.name),
            "version": .string(component.version),
          ]
        }),
      "level": .string(report.level.name),
      // As text: not every reader of JSON takes 64 bits.
      "seed": .string("\(report.seed)"), "skip": .array(report.skipped.map { .string($0) }),
      "clean": .bool(report.isClean),
      "counts": .object(
        Verdict.Outcome.allCases.map { JSONValue.Member($0.rawValue, .int(Int64(report.count($0)))) }),
      "results": .array(report.results.map(result)),
    ]
  }

  private static func result(_ result: CheckResult) -> JSONValue {
    [
      "rule": .string(result.rule.id), "sentence": .string(result.rule.sentence),
      "component": result.component.map { .string($0) } ?? .null,
      "verdict": .string(result.verdict.outcome.rawValue), "summary": .string(result.verdict.summary),
      "detail": .array(result.verdict.detail.map { .string($0) }), "seconds": .double(result.seconds),
    ]
  }
}
