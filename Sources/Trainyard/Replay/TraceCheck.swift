import Training

/// Compares what came of one fit with what the trace says must come out: the decisions, and of the bookkeeping what
/// the callback saves in its state.
struct TraceCheck {
  let trace: TraceCase
  let fit: TraceCase.Fit
  let result: ReplayResult
  let target: ReplayTarget
  let folder: RunFolder

  /// What the first callback has saved after the fit; `nil` where it could not.
  let state: StateTable?

  func differences() throws -> [String] {
    let expected = fit.expected
    if expected["error"] != nil { return error(expected) }
    if let failure = result.failure { return ["the fit failed, and must not: \(failure)"] }
    var found: [String] = []
    for member in expected.members ?? [] {
      switch member.name {
      case "stop_epoch":
        found += compare("stop_epoch", member.value, result.stop.map { .int(Int64($0.epoch)) } ?? .null)
      case "stop_batch":
        found += compare("stop_batch", member.value, result.stop?.batch.map { .int(Int64($0)) } ?? .null)
      case "epochs_run": found += compare("epochs_run", member.value, .int(Int64(result.epochs.count)))
      case "final_w", "w_final": found += compare(member.name, member.value, .double(result.finalWeight))
      case "w_before_finalize":
        found += compare(member.name, member.value, .double(result.epochs.last?.weightAtEnd ?? .nan))
      case "lr": found += compare("lr", member.value, .array(rates()))
      case "steps": found += compare("steps", member.value, .array(result.batches.map(average)))
      case "epochs":
        found += compare("epochs", member.value, .array(result.epochs.map(weights)), partly: true)
      case "content", "csv": found += compare(member.name, member.value, .string(try csv()))
      case "saves": found += compare("saves", member.value, .array(saves(like: member.value)))
      case "events": found += compare("events", member.value, .array(events(like: member.value)))
      case "files": found += compare("files", sorted(member.value), try files(like: member.value))
      case "internals": for inner in member.value.members ?? [] { found += compareBooks(inner) }
      case "best_score": break
      case _ where TraceKinds.books[member.name] != nil: found += compareBooks(member)
      default: found.append("'\(member.name)' is expected, and nobody knows what that is")
      }
    }
    return found
  }

  // MARK: Errors

  /// A host may see earlier than the peer that a direction cannot be known; it has then saved less.
  private func error(_ expected: JSONValue) -> [String] {
    guard result.failure != nil else {
      return [
        "the fit ended as \(result.outcome.name), and must fail with \(text(expected["error"] ?? .null))"
      ]
    }
    guard let wanted = expected["saves"] else { return [] }
    let found = saves(like: wanted)
    let isEarlier = expected["error"]?["type"]?.string == "ValueError"
    if isEarlier, found.count <= (wanted.array ?? []).count {
      return compare("saves", .array(Array((wanted.array ?? []).prefix(found.count))), .array(found))
    }
    return compare("saves", wanted, .array(found))
  }

  // MARK: What was found, in the trace's form

  private func rates() -> [JSONValue] {
    func rate(_ values: Recording.Values) -> JSONValue {
      values.first { $0.name == "learning_rate" }.map { .double($0.value) } ?? .null
    }
    if TraceKinds.base(trace.kind) == "lr_schedule" {
      let wanted = Set(fit.wantedSteps)
      return result.batches.filter { wanted.contains($0.step) }.map { rate($0.parameters) }
    }
    let atEnd = TraceKinds.recordsRateAtEnd(trace.kind)
    return result.epochs.map { rate(atEnd ? $0.parametersAtEnd : $0.parameters) }
  }

  private func average(_ batch: ReplayedBatch) -> JSONValue {
    .record([("w", .double(batch.weight)), ("average", batch.snapshot.map { .double($0) } ?? .null)])
  }

  private func weights(_ epoch: ReplayedEpoch) -> JSONValue {
    .record([
      ("w_epoch_begin", .double(epoch.weightAtBegin)), ("w_trained", .double(epoch.weightTrained)),
      ("w_validation", epoch.weightInValidation.map { .double($0) } ?? .null),
      ("w_epoch_end", .double(epoch.weightAtEnd)),
    ])
  }

  private func csv() throws -> String {
    String(decoding: try InputFile.read(folder.file(TraceKinds.csvFile)), as: UTF8.self)
  }

  private func saves(like expected: JSONValue) -> [JSONValue] {
    let names = (expected.array ?? []).compactMap { $0["file"]?.string }
    return target.files.compactMap { change in
      guard let weight = change.saved else { return nil }
      return .record([
        ("epoch", .int(Int64(change.epoch))), ("batch", change.batch < 0 ? .null : .int(Int64(change.batch))),
        ("file", .string(TraceKinds.checkpoint(change.path, like: names))), ("w", .double(weight)),
      ])
    }
  }

  /// What is saved after the last epoch counts as one epoch further.
  private func events(like expected: JSONValue) -> [JSONValue] {
    let names = (expected.array ?? []).compactMap { $0["save"]?.string ?? $0["remove"]?.string }
    return target.files.map { change in
      let epoch = change.hook == .trainEnd ? change.epoch + 1 : change.epoch
      let file = JSONValue.string(TraceKinds.checkpoint(change.path, like: names))
      return .record([("epoch", .int(Int64(epoch))), (change.saved == nil ? "remove" : "save", file)])
    }
  }

  /// What lies in the folder in the end, with the weight in each file.
  private func files(like expected: JSONValue) throws -> JSONValue {
    let names = (expected.members ?? []).map(\.name)
    let found = try PathName.files(below: folder.path).map { path in
      let tensors = try SafeTensors.read(folder.file(path)).tensors
      return (
        TraceKinds.checkpoint(path, like: names), JSONValue.double(tensors.first?.tensor.value(at: 0) ?? .nan)
      )
    }
    return sorted(.record(found))
  }

  private func sorted(_ value: JSONValue) -> JSONValue {
    .object((value.members ?? []).sorted { $0.name < $1.name })
  }

  private func compareBooks(_ member: JSONValue.Member) -> [String] {
    guard let key = TraceKinds.books[member.name], let state else { return [] }
    let found: JSONValue
    switch state[key] {
    case .int(let value): found = .int(value)
    case .float(let value): found = .double(value)
    case .bytes(let bytes): found = .string(String(decoding: bytes, as: UTF8.self))
    case .tensor: return []
    // A value that is not set is saved as such.
    case nil: if state[key + "?"] == nil { return [] } else { found = .null }
    }
    return compare(member.name, member.value, found)
  }

  // MARK: Comparing

  /// - Parameter partly: Members that are not expected do not matter, nor those that are expected to be null.
  private func compare(_ name: String, _ expected: JSONValue, _ found: JSONValue, partly: Bool = false)
    -> [String]
  {
    if let expected = expected.array, let found = found.array {
      if let index = zip(expected, found).enumerated().first(where: { !agree($1.0, $1.1, partly) })?.offset {
        return ["\(name)[\(index)]: expected \(text(expected[index])), found \(text(found[index]))"]
      }
      guard expected.count != found.count else { return [] }
      let next = max(expected.count, found.count) > 0 ? min(expected.count, found.count) : 0
      let which =
        expected.count > found.count ? "missing: \(text(expected[next]))" : "too many: \(text(found[next]))"
      return ["\(name): expected \(expected.count) entries, found \(found.count); \(which)"]
    }
    return agree(expected, found, partly) ? [] : ["\(name): expected \(text(expected)), found \(text(found))"]
  }

  private func agree(_ expected: JSONValue, _ found: JSONValue, _ partly: Bool) -> Bool {
    if let a = expected.double, let b = found.double { return trace.tolerance.agree(a, b) }
    switch (expected, found) {
    case (.array(let a), .array(let b)):
      return a.count == b.count && zip(a, b).allSatisfy { agree($0, $1, partly) }
    case (.object(let a), .object(let b)):
      guard partly || a.count == b.count else { return false }
      return a.allSatisfy { member in
        if partly, member.value == .null { return true }
        guard let other = b.first(where: { $0.name == member.name }) else { return false }
        return agree(member.value, other.value, partly)
      }
    default: return expected == found
    }
  }

  private func text(_ value: JSONValue) -> String {
    let text = JSONWriter.compact(value)
    return text.count > 400 ? text.prefix(400) + "…" : text
  }
}
