/// The runs that a callback is shown before and after a reset.
///
/// Numbers are short, so that a report can show them, and runs are long enough for the patience of most.
struct Portfolio {
  var seed: UInt64
  var length = 12

  // MARK: Shapes

  func improving(_ epochs: Int? = nil) -> RunScript {
    run("improving", (0..<(epochs ?? length)).map { Self.short(1.0 / Double($0 + 1)) })
  }

  func worsening(_ epochs: Int? = nil) -> RunScript {
    run("worsening", (0..<(epochs ?? length)).map { Self.short(0.125 * Double($0 + 1)) })
  }

  func constant() -> RunScript { run("constant", Array(repeating: 0.5, count: length)) }

  func random(_ name: String, _ epochs: Int, _ batches: Int) -> RunScript {
    var generator = SplitMix64(seed ^ UInt64(epochs * 31 + batches))
    return RunScript(
      name,
      epochs: (0..<epochs).map { _ in
        RunScript.Epoch(
          Self.short(generator.nextDouble() * 2),
          batches: (0..<batches).map { _ in Self.short(generator.nextDouble() * 2) },
          validationBatches: 2)
      })
  }

  func first(_ name: String, _ value: Double?, epochs: Int = 1) -> RunScript {
    var run = improving()
    run.name = name
    for epoch in 0..<min(epochs, run.epochs.count) {
      run.epochs[epoch].value = value
      run.epochs[epoch].batches = run.epochs[epoch].batches.map { _ in value }
    }
    return run
  }

  func extreme(_ name: String, _ value: Double) -> RunScript {
    run(name, Array(repeating: value, count: length))
  }

  private func run(_ name: String, _ values: [Double?]) -> RunScript {
    RunScript(name, epochs: values.map { RunScript.Epoch($0, batches: [$0, $0]) })
  }

  private static func short(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }

  // MARK: What came before, and what comes after

  /// What may have happened before a reset.
  func histories(strict: Bool) -> [RunScript] {
    let usual = improving()
    let calls = usual.moments.count
    var histories = [
      usual, worsening(), constant(), random("random", length, 3),
      first("NaN first", .nan), extreme("impossibly good", -1e30), extreme("impossibly bad", 1e30),
      ended(usual, "stopped", .stopped(afterCalls: calls / 2)),
      ended(usual, "interrupted", .interrupted(afterCalls: calls / 2)),
      ended(usual, "failed elsewhere", .failed(afterCalls: calls / 2)),
      ended(worsening(), "its effects failed", .effectsFailed(atCall: calls / 3)),
      ended(usual, "aborted at 0 %", .aborted(afterCalls: 1)),
      ended(usual, "aborted at 50 %", .aborted(afterCalls: calls / 2)),
      ended(usual, "aborted at 99 %", .aborted(afterCalls: calls - 1)),
      withoutValidation(), other("short", 1, 1), other("long", 3 * length, 1),
    ]
    guard strict else { return histories }
    var bare = usual
    bare.name = "without a model"
    bare.hasModel = false
    histories += [
      bare, first("missing first", nil), extreme("NaN throughout", .nan), other("wide", 2, 40),
      ended(random("random, aborted in a batch", length, 5), nil, .aborted(afterCalls: calls / 4)),
      ended(worsening(), "worsening, stopped", .stopped(afterCalls: calls / 4)),
      ended(worsening(), "aborted before the end", .aborted(afterCalls: calls - 1)),
      RunScript("no epochs", epochs: []),
    ]
    return histories
  }

  /// What an instance is shown after the reset.
  func replays(strict: Bool) -> [RunScript] {
    let replays = [
      random("random", length, 2), improving(), worsening(), first("NaN first", .nan),
      first("missing first", nil),
    ]
    return strict
      ? replays + [constant(), withoutValidation(), random("random, long", 3 * length, 2)] : replays
  }

  private func ended(_ run: RunScript, _ name: String?, _ ending: RunScript.Ending) -> RunScript {
    var run = run
    run.name = name ?? run.name
    run.ending = ending
    return run
  }

  func withoutValidation() -> RunScript {
    var run = improving()
    run.name = "no validation"
    for epoch in run.epochs.indices { run.epochs[epoch].validationBatches = 0 }
    return run
  }

  private func other(_ name: String, _ epochs: Int, _ batches: Int) -> RunScript {
    var run = random(name, epochs, batches)
    run.name = name
    return run
  }
}
