import PluginKit

/// Which way the monitored metric improves, as users write it.
public enum Mode: String, OptionChoice, Sendable {
  case auto, min, max

  /// The direction in this run: what the user said; else what the host knows; else down for a `loss`.
  ///
  /// Ask in each run, and not before its first epoch begins: another model may bring another direction, and the
  /// host knows them all once every `onTrainBegin` has run.
  public func direction(of metric: Metric, _ host: Host) throws -> Direction {
    switch self {
    case .min: return .min
    case .max: return .max
    case .auto:
      let known = host.direction(of: metric)
      if known != .none { return known }
      if Self.isLoss(metric.name) { return .min }
      throw PluginError(
        "cannot tell whether '\(metric.name)' should rise or fall, and mode is 'auto'",
        help: "set mode: min or mode: max beside monitor: \(metric.name)")
    }
  }

  /// Whether the name is `loss` or `val_loss`.
  public static func isLoss(_ name: String) -> Bool { name == "loss" || name == "val_loss" }
}
