import CTrainyard
import PluginHost

/// Rules about monitors.
enum MonitorRules {
  static let scope = Rule.Scope.component([.monitor])

  static let all: [Rule] = [
    Rule("monitor-tasks", "Each task is served as it is asked for, or refused in words.", scope: scope) {
      try tasks($0)
    },
    Rule("monitor-split", "Any split of the rows into batches gives the same value.", scope: scope) {
      try splits($0)
    },
    Rule("monitor-merge", "Parts that are merged, in any number, give the value of the whole.", scope: scope)
    {
      try merges($0)
    },
    Rule(
      "monitor-pass-begin", "pass_begin() clears what was accumulated, and a pass may be empty.", scope: scope
    ) {
      try beginsPasses($0)
    },
    Rule(
      "monitor-reset", "After reset() a monitor is as a new one, whatever it has measured before.",
      scope: scope
    ) { try resets($0) },
    Rule(
      "monitor-resume", "Saved in the middle of a pass and loaded, a monitor comes to the same value.",
      scope: scope
    ) { try resumes($0) },
    Rule(
      "monitor-state",
      "Loading nothing equals a reset, saving changes nothing, and damaged state gives a clean error.",
      scope: scope
    ) { try keepsState($0) },
  ]

  /// Rows of every task that the monitor serves, without and with weights.
  static func allServedRows(_ context: RuleContext) throws -> [SampleRows] {
    var served: [SampleRows] = []
    for weighted in [false, true] {
      for rows in SampleRows.ofEveryTask(seed: context.seed, weighted: weighted) {
        let drive = try MonitorDrive(context)
        do { _ = try drive.measure(rows) } catch is PluginFailure { continue }
        served.append(rows)
      }
    }
    return served
  }

  static func servedRows(_ context: RuleContext) throws -> SampleRows? { try allServedRows(context).first }

  private static func measuredRows(_ context: RuleContext) throws -> [SampleRows] {
    guard try !context.component().isSample else {
      throw Skip("it measures the process and is given no rows")
    }
    let rows = try allServedRows(context)
    guard !rows.isEmpty else { throw Skip("it serves no task that this checker knows") }
    return rows
  }

  private static func name(_ rows: SampleRows) -> String {
    rows.name + (rows.weight == nil ? "" : " with weights")
  }

  /// Sums in another order differ in the last bits.
  private static let tolerance = 1e-12

  private static func tasks(_ context: RuleContext) throws -> Verdict {
    var served = 0
    for rows in SampleRows.ofEveryTask(seed: context.seed) {
      context.trying(rows.name)
      let drive = try MonitorDrive(context)
      try drive.reset()
      do { try drive.prepare(rows) } catch let failure as PluginFailure {
        if failure.hasNoWords { return .failed("it refuses \(rows.name) without a word") }
        continue
      }
      do {
        try drive.passBegin()
        if !drive.monitor.component.isSample { try drive.update(rows, rows.all) }
        _ = try drive.compute()
        served += 1
      } catch let failure as PluginFailure where failure.hasNoWords {
        return .failed("prepare() takes \(rows.name), and \(failure.call) fails without a word")
      } catch is PluginFailure {
        // A monitor without prepare() sees only now what it is given.
      }
    }
    return served > 0 ? .passed : .failed("it refuses every task that this checker knows")
  }

  // MARK: Values

  private static func splits(_ context: RuleContext) throws -> Verdict {
    for rows in try measuredRows(context) {
      let whole = try MonitorDrive(context).measure(rows)
      var cuts = [1, 2, 5, 7].map { rows.batches(of: $0) }
      cuts.append([[0], Array(1..<20), Array(20..<rows.count)])
      // Groups of a ranking task are whole in a batch only where the host says so: it never does.
      for batches in cuts {
        context.trying("\(name(rows)), in \(batches.count) batches")
        if let fault = KindVerdict.comparing(
          try MonitorDrive(context).measure(rows, batches: batches), whole, tolerance: tolerance,
          "\(name(rows)): \(batches.count) batches give another value than one")
        {
          return fault
        }
      }
    }
    return .passed
  }

  private static func merges(_ context: RuleContext) throws -> Verdict {
    let served = try measuredRows(context)
    guard try MonitorDrive(context).monitor.canMerge else { throw Skip("it has no merge()") }
    for rows in served {
      let whole = try MonitorDrive(context).measure(rows)
      for cuts in [[0, 12, 24], [0, 3, 4, 24], [0, 0, 24], [0, 24, 24]] {
        context.trying("\(name(rows)), parts that begin at \(cuts.dropLast())")
        let parts = try zip(cuts, cuts.dropFirst()).map { start, end in
          let part = try MonitorDrive(context)
          try part.begin(rows)
          if start < end { try part.update(rows, Array(start..<end)) }
          return part
        }
        for part in parts.dropFirst() { try parts[0].merge(part) }
        if let fault = KindVerdict.comparing(
          try parts[0].compute(), whole, tolerance: tolerance,
          "\(name(rows)): \(parts.count) parts that are merged give another value than the whole")
        {
          return fault
        }
      }
    }
    return .passed
  }

  private static func beginsPasses(_ context: RuleContext) throws -> Verdict {
    for rows in try measuredRows(context) {
      let whole = try MonitorDrive(context).measure(rows)
      let drive = try MonitorDrive(context)
      _ = try drive.measure(rows, batches: [Array(0..<9)])
      context.trying("\(name(rows)), an empty pass")
      try drive.passBegin()
      let empty = try drive.compute()
      let fresh = try MonitorDrive(context)
      try fresh.begin(rows)
      if let fault = KindVerdict.comparing(
        empty, try fresh.compute(),
        "\(name(rows)): an empty pass after another pass shows what an empty first pass does not")
      {
        return fault
      }
      context.trying("\(name(rows)), a second pass")
      try drive.passBegin()
      try drive.update(rows, rows.all)
      if let fault = KindVerdict.comparing(
        try drive.compute(), whole, "\(name(rows)): the second pass gives another value than a first one")
      {
        return fault
      }
      // compute() is a question: asked again it answers the same.
      if let fault = KindVerdict.comparing(
        try drive.compute(), whole, "\(name(rows)): compute() gives another value when it is asked again")
      {
        return fault
      }
    }
    return .passed
  }

  // MARK: Reset and state

  private static func resets(_ context: RuleContext) throws -> Verdict {
    let served = try measuredRows(context)
    let new = try MonitorDrive(context)
    try new.reset()
    let state = new.monitor.savesState ? try new.state() : nil
    for rows in served {
      let expected = try MonitorDrive(context).measure(rows)
      for other in served {
        let history = "a pass over \(name(other))"
        context.trying("\(name(rows)) after \(history)")
        let drive = try MonitorDrive(context)
        _ = try drive.measure(other)
        try drive.reset()
        try drive.reset()
        if let state,
          let fault = KindVerdict.comparing(
            try drive.state(), state, "after \(history), reset() leaves other state than a new instance has")
        {
          return fault
        }
        // No pass_begin() in between: the reset alone must do.
        try drive.prepare(rows)
        try drive.update(rows, rows.all)
        if let fault = KindVerdict.comparing(
          try drive.compute(), expected, "after \(history), reset() does not give a new instance")
        {
          return fault
        }
      }
    }
    return .passed
  }

  private static func resumes(_ context: RuleContext) throws -> Verdict {
    let served = try measuredRows(context)
    guard try MonitorDrive(context).monitor.savesState else { throw Skip("it saves no state") }
    for rows in served {
      let batches = rows.batches(of: 5)
      let expected = try MonitorDrive(context).measure(rows, batches: batches)
      for count in [1, 3, batches.count] {
        context.trying("\(name(rows)), saved after \(count) batches")
        let first = try MonitorDrive(context)
        try first.begin(rows)
        try first.update(rows, batches: Array(batches.prefix(count)))
        let second = try MonitorDrive(context)
        try second.reset()
        try second.load(try first.state())
        try second.prepare(rows)
        try second.update(rows, batches: Array(batches.dropFirst(count)))
        if let fault = KindVerdict.comparing(
          try second.compute(), expected,
          "\(name(rows)): saved after \(count) of \(batches.count) batches and loaded, it comes to another value"
        ) {
          return fault
        }
      }
    }
    return .passed
  }

  private static func keepsState(_ context: RuleContext) throws -> Verdict {
    guard let rows = try measuredRows(context).first else { return .passed }
    let drive = try MonitorDrive(context)
    guard drive.monitor.savesState else { throw Skip("it saves no state") }
    let expected = try MonitorDrive(context).measure(rows)
    try drive.begin(rows)
    try drive.update(rows, Array(0..<10))
    let state = try drive.state()
    if let fault = KindVerdict.comparing(try drive.state(), state, "saving twice gives two states") {
      return fault
    }
    // What is read past the end of a tensor that is too short is a crash here, not luck.
    let copy = try MonitorDrive(context, memory: GuardedMemory())
    try copy.reset()
    try copy.load(state)
    if let fault = KindVerdict.comparing(try copy.state(), state, "what was loaded is saved differently") {
      return fault
    }
    for (what, damaged) in [("nothing in it", [:])] + DamagedState.variants(of: state) {
      context.trying("loading a state with \(what)")
      try copy.reset()
      do {
        try copy.load(damaged)
        try copy.prepare(rows)
        if damaged.isEmpty {
          try copy.update(rows, rows.all)
          if let fault = KindVerdict.comparing(
            try copy.compute(), expected, "loading nothing differs from a reset")
          {
            return fault
          }
        } else {
          try copy.update(rows, rows.all)
          _ = try copy.compute()
        }
      } catch let failure as PluginFailure {
        if failure.hasNoWords { return .failed("a state with \(what) is refused without a word") }
        if damaged.isEmpty { return .failed("loading nothing fails: \(failure.words)") }
      }
      if let fault = KindVerdict.comparing(
        try copy.measure(rows), expected, "after a state with \(what), reset() does not give a new instance")
      {
        return fault
      }
    }
    return .passed
  }
}
