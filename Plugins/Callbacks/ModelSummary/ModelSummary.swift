import PluginKit

/// Shows the model's weights, with shapes and numbers of parameters, when training begins.
final class ModelSummary: Callback {
  static let about = About(
    id: "model-summary", version: "0.1.0",
    summary: "Shows the model's weights, their shapes and numbers of parameters, when training begins.")

  @Option(
    """
    Weights whose names agree in so many parts, between points or slashes, make a row. -1: in all but the last, \
    which are layers; 0: only the totals.
    """, range: "[-1, )")
  var maxDepth = -1

  func reset() {}

  func onTrainBegin(_ event: Event) throws {
    guard let weights = event.weights else {
      throw PluginError("this host shows no weights", help: "leave model-summary out")
    }
    let rows = (0..<weights.count).compactMap { index in
      weights.view(index).map {
        SummaryTable.Weight(
          name: $0.name, shape: $0.tensor.shape.array, isTrainable: $0.isTrainable,
          elementSize: $0.tensor.type.size)
      }
    }
    let model = event.host.run?.model ?? ""
    event.host.log(.info, model.isEmpty ? "the model's weights" : "model '\(model)'")
    if rows.count < weights.count {
      event.host.log(.warning, "\(weights.count - rows.count) weights of an unknown type are not shown")
    }
    for line in SummaryTable(weights: rows, depth: maxDepth).lines { event.host.log(.info, line) }
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(ModelSummary.self, to: args, license: "Apache-2.0")
}
