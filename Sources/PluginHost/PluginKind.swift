import CTrainyard

/// What a component is.
public enum PluginKind: UInt32, CaseIterable, Sendable {
  case callback = 1
  case model, monitor, dataset

  /// As users write it: `callback`, `model`, `monitor`, `dataset`.
  public var name: String {
    switch self {
    case .callback: "callback"
    case .model: "model"
    case .monitor: "monitor"
    case .dataset: "dataset"
    }
  }
}
