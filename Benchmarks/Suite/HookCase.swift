import Baselines
import Support
import Trainyard

extension Bench {
  /// What a hook call costs: the difference that many callbacks make to a batch, beside bare calls of the same functions.
  func hooks() throws -> [Figure] {
    // 160,000 rows, as the peers have: they stay in the cache.
    let batches = size(5000, smoke: 50)
    let many = size(100, smoke: 3)
    let noop = try plugin("bench-noop")
    let swift = try swiftPlugin()
    let quiet = try plugin("bench-quiet")
    let plans = try [
      plan(tiny(batches: batches, epochs: 5)),
      plan(tiny(batches: batches, epochs: 5, callbacks: callbacks(noop, many))),
      plan(tiny(batches: batches, epochs: 5, callbacks: callbacks(swift, many))),
      plan(tiny(batches: batches, epochs: 5, callbacks: callbacks(noop, 20))),
      plan(tiny(batches: batches, epochs: 5, callbacks: callbacks(quiet, many))),
    ]
    let runs = plans.map { plan in { Rounds.median(try Bench.epochs(plan.run())) } }
    let bare = {
      let seconds = baseline_hook_calls(noop, many, batches)
      guard seconds >= 0 else { throw TestError("the baseline cannot open \(noop)") }
      return seconds
    }
    let seconds = try Rounds.alternate(rounds, runs + [bare])
    let none = seconds[0]
    let perCall = 1e9 / Double(2 * many * batches)
    let bareCall = seconds[5].map { $0 * perCall }
    let cCall = (seconds[1] - none).map { $0 * perCall }
    let swiftCall = (seconds[2] - none).map { $0 * perCall }
    let bareMedian = Rounds.median(bareCall)
    return [
      Figure(
        "hook-c", rounds: cCall / bareCall,
        parts: [("ours_ns", Rounds.median(cCall)), ("bare_ns", bareMedian)]),
      Figure(
        "hook-swift", rounds: swiftCall / bareCall,
        parts: [("ours_ns", Rounds.median(swiftCall)), ("bare_ns", bareMedian)]),
      Figure("hooks-20", rounds: (seconds[3] - none).map { $0 / Double(batches) * 1e6 }),
      Figure("hook-null", rounds: (seconds[4] - none).map { $0 / Double(batches * many) * 1e9 }),
    ]
  }

  /// The smallest model: what the host adds to a batch shows here.
  func tinyModel() throws -> [Figure] {
    let batches = size(5000, smoke: 50)
    let epochs = size(2000, smoke: 5)
    let noop = try plugin("bench-noop")
    let batch = try plan(tiny(batches: batches, epochs: 9, callbacks: callbacks(noop, 1)))
    let short = try plan(tiny(batches: 1, epochs: epochs, callbacks: callbacks(noop, 5)))
    let values = try Rounds.alternate(
      rounds,
      [
        { Rounds.median(try Bench.epochs(batch.run())) / Double(batches) * 1e6 },
        { baseline_tiny_steps(batches) / Double(batches) * 1e6 },
        { Rounds.median(try Bench.epochs(short.run())) * 1e6 },
      ])
    return [
      Figure("tiny", rounds: values[0], parts: [("floor_us", Rounds.median(values[1]))]),
      Figure("tiny-floor", rounds: values[1]), Figure("one-batch-epoch", rounds: values[2]),
    ]
  }
}
