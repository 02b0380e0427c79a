import CConformance
import PluginHost

/// Rules about what a plugin costs: memory that grows, allocations in every batch, time.
extension Rule {
  static let costRules: [Rule] = [
    Rule(
      "heap-cycles", "Creating, running and destroying instances again and again takes no more memory.",
      scope: everyKind, deadline: .seconds(60)
    ) { context in
      let rows = try Exercise.rows(for: context)
      return try growth("every life of an instance, from create() to destroy(),") {
        let exercise = try Exercise(context, memory: HeapMemory(), rows: rows)
        try exercise.run()
        exercise.destroy()
      }
    },
    Rule(
      "heap-runs", "Run after run of one instance takes no more memory.", scope: everyKind,
      deadline: .seconds(60)
    ) { context in
      let exercise = try Exercise(context, memory: HeapMemory(), rows: try Exercise.rows(for: context))
      return try growth("every run of one instance") { try exercise.run() }
    },
    Rule(
      "batch-allocations", "Nothing is allocated batch by batch.",
      scope: .component([.callback, .model, .monitor]), level: .strict
    ) { try allocations($0) },
    Rule(
      "hook-times", "What each hook costs, reported and never judged.", scope: .component([.callback]),
      level: .strict
    ) { try times($0) },
  ]

  // MARK: Growth

  private static let cyclesPerWindow = 60

  /// Failed where the heap grows in each of four windows, after many cycles that count for nothing: what a plugin
  /// makes once, what it lets grow until it is large enough, and what malloc keeps for later use do not. A heap that
  /// goes up and down, as threads of an engine make it, goes up four times by chance: so four more windows have to
  /// grow as much, taken together. What is lost in each cycle is lost in those, too.
  private static func growth(_ what: String, _ cycle: () throws -> Void) throws -> Verdict {
    for _ in 0..<2 * cyclesPerWindow { try cycle() }
    var last = Int64(clamping: cf_heap_in_use())
    func window() throws -> Int64 {
      for _ in 0..<cyclesPerWindow { try cycle() }
      let now = Int64(clamping: cf_heap_in_use())
      defer { last = now }
      return now - last
    }
    // 16 bytes: the smallest block that malloc gives.
    let leastOfWindow = Int64(16 * cyclesPerWindow)
    var increases: [Int64] = []
    for _ in 0..<4 {
      increases.append(try window())
      // Once it has not grown it does not always grow.
      if increases[increases.count - 1] < leastOfWindow { return .passed }
    }
    var more: Int64 = 0
    for _ in 0..<4 { more += try window() }
    guard more >= 4 * leastOfWindow, let least = increases.min() else { return .passed }
    let sizes = increases.map(String.init).joined(separator: ", ")
    return .failed(
      "\(what) takes \(least / Int64(cyclesPerWindow)) bytes more that are not given back",
      detail: [
        "each \(cyclesPerWindow) of them made the heap larger, by \(sizes) bytes, and four times as many by \(more)"
      ])
  }

  // MARK: Allocations

  private static func allocations(_ context: RuleContext) throws -> Verdict {
    var counts: [(call: String, calls: Int, allocations: Int)] = []
    func note(_ call: String, _ count: UInt64) {
      let index = counts.firstIndex { $0.call == call } ?? counts.count
      if index == counts.count { counts.append((call, 0, 0)) }
      counts[index].calls += 1
      counts[index].allocations += Int(count)
    }
    _ = try context.component()
    guard cf_watch_allocations() > 0 else { throw Skip("allocations cannot be counted on this machine") }
    let memory = GuardedMemory()
    switch try context.component().kind {
    case .callback:
      let callback = try context.callback(memory: memory)
      try callback.reset()
      callback.willCall = { site in
        // The first epochs may make what the others use.
        if site.batch >= 0, site.epoch >= 2 { cf_count_allocations() }
      }
      callback.didCall = { site in
        if site.batch >= 0, site.epoch >= 2 { note(site.call, cf_allocations()) }
      }
      try callback.run(Exercise.script)
    case .model:
      guard let rows = try Exercise.rows(for: context) else { return .passed }
      let model = try ModelDrive(context, rows: rows, memory: memory)
      try model.reset(seed: 1)
      guard !model.isFullBatch else { throw Skip("its batch is all rows, and comes once an epoch") }
      _ = try model.train(6)
      model.counting = note
      _ = try model.train(6)
    case .monitor:
      guard let rows = try Exercise.rows(for: context) else { return .passed }
      let monitor = try MonitorDrive(context, memory: memory)
      guard !monitor.monitor.component.isSample else { throw Skip("it is not given batches") }
      try monitor.begin(rows)
      try monitor.update(rows, batches: rows.batches(of: 6))
      try monitor.passBegin()
      monitor.counting = note
      try monitor.update(rows, batches: rows.batches(of: 6))
    case .dataset: return .passed
    }
    // Now and then is what a buffer needs that grows with the pass.
    let busy = counts.filter { $0.allocations >= $0.calls }
    guard let first = busy.first else { return .passed }
    func text(_ row: (call: String, calls: Int, allocations: Int)) -> String {
      "\(row.call) allocates \(row.allocations) times in \(row.calls) calls"
    }
    return .warning(text(first), detail: busy.dropFirst().map(text))
  }

  // MARK: Time

  private static func times(_ context: RuleContext) throws -> Verdict {
    let callback = try context.callback()
    var began = ContinuousClock.now
    var times: [String: [Duration]] = [:]
    callback.willCall = { _ in began = ContinuousClock.now }
    callback.didCall = { site in times[site.call, default: []].append(ContinuousClock.now - began) }
    for _ in 0..<20 {
      try callback.reset()
      try callback.run(Exercise.script)
    }
    let medians = times.mapValues { $0.sorted()[$0.count / 2] }.sorted { $0.value > $1.value }
    let texts = medians.map { "\($0.key) \(microseconds($0.value)) µs" }
    return Verdict(
      .passed, texts.first.map { "the dearest call is \($0)" } ?? "",
      detail: texts.isEmpty ? [] : ["medians: " + texts.joined(separator: ", ")])
  }

  private static func microseconds(_ time: Duration) -> String {
    let tenths = time.components.attoseconds / 100_000_000_000
    return "\(tenths / 10).\(tenths % 10)"
  }
}
