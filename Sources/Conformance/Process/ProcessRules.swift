import PluginHost

/// Rules about what a plugin does to the process that it lives in, and with the memory that it is lent.
extension Rule {
  static let processRules: [Rule] = [
    Rule(
      "memory-borrowed",
      "What a plugin is lent for a call is not kept after it, not written to, and not read past its end.",
      scope: everyKind
    ) { try borrows($0) },
    Rule(
      "process-unchanged",
      "Working directory, locale, signals, environment, umask and floating-point modes are as before.",
      scope: everyKind
    ) { try leavesTheProcessAlone($0) },
    Rule("process-quiet", "Nothing is written to standard output or standard error.", scope: everyKind) {
      try isQuiet($0)
    },
    Rule(
      "process-releases", "No descriptor, thread or child process is left when the instance is destroyed.",
      scope: everyKind
    ) { try releases($0) },
  ]

  private static func borrows(_ context: RuleContext) throws -> Verdict {
    let memory = GuardedMemory()
    let exercise = try Exercise(context, memory: memory, rows: try Exercise.rows(for: context))
    // Twice: what was kept in the first run may be used in the second.
    for _ in 0..<2 { try exercise.run() }
    exercise.destroy()
    return .passed
  }

  private static func leavesTheProcessAlone(_ context: RuleContext) throws -> Verdict {
    _ = try context.component()
    let before = ProcessSnapshot()
    try live(context)
    let changes = before.changes(to: ProcessSnapshot())
    guard let first = changes.first else { return .passed }
    return .failed("after destroy(), \(first)", detail: Array(changes.dropFirst()))
  }

  private static func isQuiet(_ context: RuleContext) throws -> Verdict {
    _ = try context.component()
    let (_, written) = try OutputCapture.during(in: context.scratch) { try live(context) }
    for (text, stream) in [(written.output, "output"), (written.errors, "error")] where !text.isEmpty {
      return .failed(
        "it writes to standard \(stream): \(quoted(text))",
        detail: [
          "to do: give lines to host->log(), progress to host->status(); the host knows where they may go"
        ])
    }
    return .passed
  }

  private static func releases(_ context: RuleContext) throws -> Verdict {
    _ = try context.component()
    let start = HeldResources()
    try live(context)
    let once = HeldResources.settled(after: start)
    // What a library makes for itself once is another matter than what every instance leaves behind.
    let middle = HeldResources()
    try live(context)
    let again = HeldResources.settled(after: middle)
    if let first = again.first {
      return .failed("after destroy(), \(first)", detail: Array(again.dropFirst()))
    }
    guard let first = once.first else { return .passed }
    return .warning(
      "after the first destroy(), \(first); later instances leave nothing more",
      detail: Array(once.dropFirst()))
  }

  /// A whole life: create, two runs, destroy.
  static func live(_ context: RuleContext) throws {
    let exercise = try Exercise(context, memory: HeapMemory(), rows: try Exercise.rows(for: context))
    for _ in 0..<2 { try exercise.run() }
    exercise.destroy()
  }
}
