import Training

/// A search with nothing left open but its objective: every parameter is an option that is there.
public struct SearchPlan: Sendable {
  public var config: SearchConfig
  public var space: SearchSpace
  /// Where the values of each parameter go, by path.
  var places: [String: ConfigPlace]
  /// The file as it was read, into which a trial's values are put.
  var base: ConfigNode = .null

  /// Trials at most.
  public var trials: Int {
    let grid = config.strategy == .grid ? space.gridCount : nil
    let wanted = config.trials ?? grid ?? SearchConfig.defaultTrials
    return grid.map { min($0, wanted) } ?? wanted
  }

  /// The pipeline of a trial, as a file would hold it: values in their places, and no search.
  func node(of point: SearchPoint) -> ConfigNode {
    var node = base.removing(["search"])
    for (path, value) in space.values(of: point) {
      if let place = places[path] { node = node.setting(place, to: value) }
    }
    return node
  }
}
