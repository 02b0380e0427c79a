extension RunStore {
  /// All of the store as sorted text, without what differs between two executions of the same work: times, processes,
  /// workers, folders, and how often a trial was begun. Configs stand there by their digests.
  /// - Parameters:
  ///   - studies: Those that are wanted; all where it is not given.
  ///   - leavesOut: Metrics that measure the machine, such as rows per second.
  public func canonicalDump(
    of studies: [Study]? = nil, leavesOut: (_ metric: String) -> Bool = { _ in false }
  ) throws -> String {
    var lines: [String] = []
    for study in try (studies ?? self.studies()).sorted(by: { $0.name < $1.name }) {
      let record = study.record
      lines.append(
        Self.line(
          "study",
          [
            record.name, record.kind.rawValue, record.configDigest, record.objective,
            record.direction?.rawValue,
          ]))
      for trial in try study.trials() {
        lines.append(
          Self.line(
            "  trial",
            [
              "\(trial.number)", trial.state.rawValue, trial.parameters, trial.value.map { "\($0)" },
              trial.seed.map { "\($0)" }, trial.error,
            ]))
        for fit in try study.fits(of: trial) {
          lines.append(
            Self.line(
              "    fit",
              [
                "\(fit.rung)", "\(fit.repeat)", "\(fit.fold)", fit.seed.map { "\($0)" }, fit.outcome,
                fit.reason,
                fit.stoppedBy, "\(fit.epochs)", "\(fit.steps)", fit.value.map { "\($0)" }, fit.error,
              ]))
          for metric in try study.metrics(of: fit) where !leavesOut(metric.name) {
            lines.append(Self.line("      metric", ["\(metric.epoch)", metric.name, "\(metric.value)"]))
          }
        }
      }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  /// Fields in quotes, so that no text can look like another; - for what is not there.
  private static func line(_ word: String, _ fields: [String?]) -> String {
    ([word] + fields.map { $0.map(\.debugDescription) ?? "-" }).joined(separator: " ")
  }
}
