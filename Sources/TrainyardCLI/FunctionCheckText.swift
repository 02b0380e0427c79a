import Trainyard

/// `trainyard check` of a pipeline: a line for each C function that its monitors call.
enum FunctionCheckText {
  static func run(_ pipeline: Pipeline, path: String, json: Bool) throws {
    if !json { try StandardOutput.write("checking the C functions of \(path)\n\n") }
    let checks = try pipeline.checkFunctions { check in
      if !json { try StandardOutput.write(line(check)) }
    }
    let faults = checks.count { $0.isFault }
    try StandardOutput.write(
      json
        ? JSONWriter.pretty(.array(checks.map(object)))
        : checks.isEmpty ? "it calls none\n" : "\n\(checks.count - faults) came back, \(faults) did not\n")
    if faults > 0 { throw ExitStatus.failed }
  }

  private static func line(_ check: FunctionCheck) -> String {
    let function = "\(check.symbol) of \(check.library)"
    switch check.outcome {
    case .called(let values):
      let shown = values.map { "\($0.name) \($0.value.map { "\($0)" } ?? "was not given")" }
      return "  passed  \(check.name): \(function) gave \(shown.joined(separator: ", ")) for made data\n"
    case .refused(let message, let help):
      return "  failed  \(check.name): \(message.shownOnTerminals())\n"
        + "            at:   \(check.place)\n"
        + (help.isEmpty ? "" : "            help: \(help.shownOnTerminals())\n")
    case .ended(let how):
      return "  crashed \(check.name): \(function): its process \(how.shownOnTerminals())\n"
        + "            at:   \(check.place)\n"
        + "            help: compare 'returns' and 'args' with the prototype in the function's header\n"
    }
  }

  private static func object(_ check: FunctionCheck) -> JSONValue {
    var members = [
      JSONValue.Member("monitor", .string(check.name)), JSONValue.Member("library", .string(check.library)),
      JSONValue.Member("symbol", .string(check.symbol)), JSONValue.Member("place", .string(check.place)),
    ]
    switch check.outcome {
    case .called(let values):
      members.append(JSONValue.Member("verdict", .string("passed")))
      members.append(
        JSONValue.Member(
          "values",
          .object(values.map { JSONValue.Member($0.name, $0.value.map { .double($0) } ?? .null) })))
    case .refused(let message, let help):
      members.append(JSONValue.Member("verdict", .string("failed")))
      members.append(JSONValue.Member("summary", .string(message)))
      members.append(JSONValue.Member("help", .string(help)))
    case .ended(let how):
      members.append(JSONValue.Member("verdict", .string("crashed")))
      members.append(JSONValue.Member("summary", .string(how)))
    }
    return .object(members)
  }
}
