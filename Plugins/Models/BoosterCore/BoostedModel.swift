import PluginKit

/// A model whose work a booster does: the plugin has the options and makes the booster in `create`, and the rest
/// follows from it.
public protocol BoostedModel: SnapshottingModel {
  /// Made in `create`, and kept.
  var booster: Booster? { get }
}

extension BoostedModel {
  /// - Throws: `PluginError` before `create`.
  public var made: Booster {
    get throws {
      guard let booster else { throw PluginError("it was not created") }
      return booster
    }
  }

  public var progress: Booster.Progress {
    get { booster?.progress ?? Booster.Progress() }
    set { booster?.progress = newValue }
  }

  public var facts: ModelFacts { get throws { try made.facts } }
  public func trainStep(_ batch: Batch) throws -> StepResult { try made.trainStep(batch) }
  public func evaluate(_ batch: Batch) throws -> StepResult { try made.evaluate(batch) }

  public var weightCount: Int { booster?.weightCount ?? 0 }
  public func weight(at index: Int) throws -> Weight { try made.weight(at: index) }
  public func assign(_ weight: Weight, at index: Int) throws { try made.assign(weight, at: index) }

  public var parameterNames: [String] { booster?.parameterNames ?? [] }
  public func parameter(_ name: String) -> Double? { booster?.parameter(name) }
  public func setParameter(_ name: String, to value: Double) throws {
    try made.setParameter(name, to: value)
  }

  public func takeSnapshot(_ number: Int) throws { try made.takeSnapshot(number) }
  public func restoreSnapshot(_ number: Int) throws { try made.restoreSnapshot(number) }
  public func dropSnapshot(_ number: Int) throws { try made.dropSnapshot(number) }
}
