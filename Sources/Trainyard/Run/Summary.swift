import PluginHost
import Training

/// `summary.json`: how a run ended and why, its last and best values, and what each plugin cost in time.
enum Summary {
  static let schema = 1

  static func json(_ report: RunReport, plan: Plan, metrics: MetricTable, seed: UInt64) -> JSONValue {
    let result = report.result
    var pairs: [(String, JSONValue)] = [
      ("schema", .int(Int64(schema))),
      ("outcome", .string(result.outcome.name)),
      ("reason", .string(result.reason)),
      ("stopped_by", result.stoppedBy.map { .string($0) } ?? .null),
      ("epochs", .int(Int64(result.epochs.count))),
      ("steps", .int(Int64(result.steps))),
      ("seconds", .double(rounded(result.seconds))),
      ("seed", .string(String(seed))),
      ("model", instance(plan.model)),
      ("task", .string(report.task.kind.name)),
      ("training_rows", .int(Int64(report.trainingRows))),
      ("validation_rows", .int(Int64(report.validationRows))),
      ("batches_per_epoch", .int(Int64(report.batchesPerEpoch))),
      ("metrics", .record(metricPairs(report, metrics))),
      ("costs", .array(costs(result))),
    ]
    if let failure = result.failure {
      pairs.append(
        (
          "error",
          .record([
            ("message", .string(failure.description)), ("help", failure.help.map { .string($0) } ?? .null),
          ])
        ))
    }
    pairs.append(
      (
        "dropped",
        .array(
          result.dropped.map {
            .record([("callback", .string($0.callback)), ("reason", .string($0.reason))])
          })
      ))
    if !report.incidents.isEmpty {
      pairs.append(("incidents", .array(report.incidents.map(incident))))
    }
    if !report.rollbacks.isEmpty {
      pairs.append(("rollbacks", .array(report.rollbacks.map(\.json))))
      pairs.append(("repeated_steps", .int(Int64(report.repeatedSteps))))
    }
    pairs.append(("warnings", .array(report.warnings.map { .string($0) })))
    return .record(pairs)
  }

  private static func incident(_ incident: HelperIncident) -> JSONValue {
    .record([
      ("instance", .string(incident.instance)), ("kind", .string(incident.kind.name)),
      ("call", .string(incident.call)), ("what", .string(incident.what)),
      ("policy", .string(incident.policy.rawValue)),
    ])
  }

  private static func instance(_ planned: PlannedInstance) -> JSONValue {
    .record([
      ("name", .string(planned.name)), ("plugin", .string(planned.component.id)),
      ("version", .string(planned.component.version)),
    ])
  }

  private static func metricPairs(_ report: RunReport, _ metrics: MetricTable) -> [(String, JSONValue)] {
    metrics.declared.compactMap { id, name, declaration in
      guard let last = report.result.epochs.last(where: { $0[name] != nil }), let value = last[name] else {
        return nil
      }
      var pairs: [(String, JSONValue)] = [
        ("last", .double(value)), ("epoch", .int(Int64(last.index))),
        ("direction", .string(declaration.direction.name)), ("source", .string(declaration.source)),
      ]
      if declaration.direction != .none, let best = report.best(name, declaration.direction) {
        pairs += [("best", .double(best.value)), ("best_epoch", .int(Int64(best.epoch)))]
      }
      return (name, .record(pairs))
    }
  }

  private static func costs(_ result: FitResult) -> [JSONValue] {
    result.costs.map { cost in
      .record([
        ("callback", .string(cost.callback)), ("hook", .string(cost.hook.name)),
        ("calls", .int(Int64(cost.calls))),
        ("seconds", .double(rounded(cost.seconds))),
      ])
    }
  }

  /// Microseconds are as fine as these clocks are worth reading.
  private static func rounded(_ seconds: Double) -> Double { (seconds * 1e6).rounded() / 1e6 }
}
