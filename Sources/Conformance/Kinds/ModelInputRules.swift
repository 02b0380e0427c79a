import CTrainyard
import PluginHost

/// Rules about what a model is given: hyper-parameters, and batches that nobody expects.
extension ModelRules {
  // MARK: Hyper-parameters

  static func setsParameters(_ context: RuleContext) throws -> Verdict {
    let drive = try new(context, try rows(context))
    let initial = try drive.parameters()
    guard !initial.isEmpty else { throw Skip("it has no hyper-parameters") }
    let names = initial.map(\.0)
    guard Set(names).count == names.count else { return .failed("two hyper-parameters have one name") }
    for (name, value) in initial {
      // Halves are exact, and in range wherever the value itself is not the lowest.
      let new = name == "accumulate_grad_batches" ? value + 1 : value / 2
      context.trying("setting '\(name)' to \(new)")
      do { try drive.set(name, new) } catch let failure as PluginFailure {
        guard failure.hasNoWords else { continue }
        return .failed("'\(name)' cannot be set to \(new), and no reason is given")
      }
      let found = try drive.model.parameter(name)
      guard found == new else {
        return .failed("'\(name)' was set to \(new) and is \(found.map { "\($0)" } ?? "gone")")
      }
      for (other, value) in try drive.parameters() where other != name {
        guard let before = initial.first(where: { $0.0 == other })?.1, before == value else {
          return .failed("setting '\(name)' changes '\(other)'")
        }
      }
      try drive.reset(seed: 1)
      let after = try drive.model.parameter(name)
      guard after == value else {
        return .failed(
          "'\(name)' is \(after.map { "\($0)" } ?? "gone") after a reset, and \(value) in a new instance")
      }
    }
    let unknown = "a hyper-parameter that no model has"
    if try drive.model.parameter(unknown) != nil {
      return .failed("it has a value for every name that it is asked for")
    }
    return .passed
  }

  // MARK: Odd batches

  static func survivesOddBatches(_ context: RuleContext) throws -> Verdict {
    let rows = try rows(context)
    let expected = try trace(try new(context, rows))
    var one = rows
    one.count = 1
    var weightless = rows
    weightless.weight = Array(repeating: 0, count: rows.count)
    var holes = rows
    for index in stride(from: 0, to: holes.features.count, by: 3) { holes.features[index] = .nan }
    var huge = rows
    for index in stride(from: 0, to: huge.features.count, by: 5) { huge.features[index] = 1e38 }
    for (what, odd) in [
      ("one row", one), ("rows without weight", weightless), ("NaN in the features", holes),
      ("enormous features", huge),
    ] {
      context.trying("training and evaluating on \(what)")
      let drive = try new(context, odd)
      let before = try drive.weights()
      do {
        _ = try drive.train(2)
        _ = try drive.evaluate(odd.all)
      } catch let failure as PluginFailure {
        if failure.hasNoWords { return .failed("\(what): \(failure.call) fails without a word") }
        if failure.code == TY_OK { return .failed("\(what): \(failure.words)") }
        continue
      }
      if what == "rows without weight",
        try drive.weights().contains(where: { $0.values.contains(where: \.isNaN) }),
        !before.contains(where: { $0.values.contains(where: \.isNaN) })
      {
        return .failed("a batch whose rows have no weight turns weights into NaN")
      }
      try drive.reset(seed: 1, rows: rows)
      if let fault = KindVerdict.comparing(
        try trace(drive), expected, "after \(what), reset(seed) does not give a new instance")
      {
        return fault
      }
    }
    return .passed
  }
}
