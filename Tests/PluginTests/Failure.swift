import Support
import Testing

/// The words with which a dataset refuses to be created; empty, and a failed test, where it does not.
func refusal(
  of id: String, _ options: [String: [String]], sourceLocation: SourceLocation = #_sourceLocation
) -> String {
  do {
    let probe = try DatasetProbe(id, options)
    Issue.record("\(id) was created, with \(probe.rowCount) rows", sourceLocation: sourceLocation)
    return ""
  } catch {
    return "\(error)"
  }
}

/// Expects each of the parts in a text.
func expect(
  _ text: String, has parts: [String], sourceLocation: SourceLocation = #_sourceLocation
) {
  for part in parts {
    #expect(text.contains(part), "\(text)", sourceLocation: sourceLocation)
  }
}
