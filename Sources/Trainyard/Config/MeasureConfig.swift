import ForeignCalls
import Training

/// A monitor of a config that is no plugin: a C function of any library, or an expression over metrics.
public struct MeasureConfig: Sendable {
  public enum Content: Sendable {
    case function(FunctionConfig)
    case expression(Expression)
  }

  /// The metric that it gives.
  public var name: String
  /// Which way that metric improves.
  public var direction: Direction
  public var content: Content
  public var position: SourcePosition
  /// `monitors[1]`.
  public var place: String
  /// Where the text of an expression begins; `none` where characters of it cannot be found again.
  public var textPosition = SourcePosition.none

  /// The metrics that it reads and that only exist when an epoch is over.
  var reads: [String] {
    switch content {
    case .function(let function): function.signature.metrics
    case .expression(let expression): expression.names.map(\.name)
    }
  }

  /// The metrics that it gives.
  var gives: [String] {
    switch content {
    case .function(let function):
      function.signature.returns == .void ? function.outputs : [name] + function.outputs
    case .expression: [name]
    }
  }

  /// It measures no pass over data, and is called at the end of an epoch, when all that do have been.
  var isOfTheEpoch: Bool {
    switch content {
    case .function(let function): function.isOfTheEpoch
    case .expression: true
    }
  }

  /// Where a character of an expression stands in the file.
  func position(of offset: Int) -> SourcePosition {
    guard textPosition != .none else { return position }
    var found = textPosition
    found.column += offset
    return found
  }
}

/// A C function as a monitor.
public struct FunctionConfig: Hashable, Sendable {
  /// How often it is called in a pass.
  public enum When: String, CaseIterable, Sendable {
    /// Once, with the predictions and targets of the whole pass.
    case epoch
    /// For each batch; the metric is the mean over the pass, by rows.
    case batch
  }

  /// Which passes it measures.
  public enum Passes: String, CaseIterable, Sendable {
    case both, train, validation
  }

  public var signature: ForeignSignature
  public var when: When
  public var passes: Passes
  /// `args` as it was written.
  public var arguments: ConfigNode
  /// What it says of the process that it is called in.
  public var isolation = PluginConfig.IsolationConfig()

  /// It is given nothing of a pass, but only metrics and constants.
  public var isOfTheEpoch: Bool {
    signature.data.isEmpty && !signature.quantities.contains(.count) && !signature.quantities.contains(.width)
  }

  var outputs: [String] { signature.outputs.map(\.name) }

  public static func == (left: FunctionConfig, right: FunctionConfig) -> Bool {
    left.signature == right.signature && left.when == right.when && left.passes == right.passes
      && left.isolation == right.isolation
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(signature) }
}
