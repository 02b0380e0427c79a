import PluginKit

/// The learning rate of a run's model, read and set as a Float32: that is what it is in Keras, and a rate that is
/// multiplied again and again must be rounded in the same places to give the same decisions.
public struct LearningRate {
  public static let parameter = "learning_rate"

  private let optimizer: Optimizer
  public let value: Float

  public init(_ event: Event) throws {
    guard let optimizer = event.optimizer, let value = optimizer.value(Self.parameter) else {
      let model = event.host.run.map { "the model '\($0.model)'" } ?? "the model"
      throw PluginError(
        "\(model) has no hyper-parameter 'learning_rate'",
        help: "leave \(event.host.instanceName) out, or use a model that has one")
    }
    self.optimizer = optimizer
    self.value = Float(value)
  }

  /// An effect.
  public func set(_ rate: Float) { optimizer.set(Self.parameter, to: Double(rate)) }

  /// What `publish` shows of it: loggers and callbacks after this one see the epoch's rate.
  public static func declare(_ host: Host) -> Metric { host.declare(parameter, in: .epoch) }
}
