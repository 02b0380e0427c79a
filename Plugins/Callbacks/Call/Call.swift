import ForeignCalls
import Glibc
import PluginKit

/// Calls a C function of any library at the hooks that the user names, without a line of code around it.
///
/// The library and the arguments are checked in `create`, before anything is trained; what the signature says is
/// believed. The function may give metrics: its result, and what it writes through pointers.
final class Call: Callback {
  static let about = About(
    id: "call", version: "0.1.0", summary: "Calls a C function of any library at hooks of the run.")

  enum When: String, OptionChoice, Sendable {
    case onTrainBegin = "on_train_begin"
    case onTrainEnd = "on_train_end"
    case onEpochBegin = "on_epoch_begin"
    case onEpochEnd = "on_epoch_end"
    case onBatchBegin = "on_batch_begin"
    case onBatchEnd = "on_batch_end"
    case onOptimizerStep = "on_optimizer_step"
    case onValidationBegin = "on_validation_begin"
    case onValidationEnd = "on_validation_end"
    case onValidationBatchBegin = "on_validation_batch_begin"
    case onValidationBatchEnd = "on_validation_batch_end"
    case onException = "on_exception"
  }

  enum Way: String, OptionChoice, Sendable {
    case none, min, max
  }

  @Option("The library: a path with a '/', or a name such as libm.so.6 that the system finds.")
  var library: String

  @Option("The folder that the path of the library is relative to.")
  var folder: FilePath = "."

  @Option("The function's name.")
  var symbol: String

  @Option("The type of its result, such as f64 or void.")
  var returns = "void"

  @Option("Type and binding of each argument, as in {bind: epoch, as: i64}.")
  var args: [JSONText] = []

  @Option("The hooks at which it is called.")
  var hooks: [When] = [.onEpochEnd]

  @Option("The metric that its result becomes; none where it is not given.")
  var result: MetricName? = nil

  @Option("Which way the result improves.")
  var direction = Way.none

  @Option("A result other than 0 ends the run.")
  var stop = false

  /// The memory of the function's contexts, which is all that a run can change.
  struct Progress: Codable {
    /// Bytes.
    var context: [Int] = []
  }
  var progress: Progress {
    get { Progress(context: call?.contextBytes.map { Int($0) } ?? []) }
    set { call?.contextBytes = newValue.context.map { UInt8(truncatingIfNeeded: $0) } }
  }

  private var call: ForeignCall?
  private var quantities: Set<ForeignQuantity> = []
  private var wanted: [Metric] = []
  private var outputs: [Metric] = []
  private var resultMetric: Metric?

  // MARK: Settings

  func create(_ host: Host) throws {
    do {
      let signature = try self.signature()
      call = try ForeignCall(ForeignFunction(signature))
      quantities = signature.quantities
      wanted = signature.metrics.map { host.want($0) }
      let phase = phase
      outputs = signature.outputs.map { host.declare($0.name, Direction($0.direction), in: phase) }
      try checkResult(signature.returns)
      if let result { resultMetric = host.declare(result.name, direction.direction, in: phase) }
    } catch let error as ForeignError {
      let place = error.argument.map { "args[\($0)]: " } ?? ""
      throw PluginError(place + error.message, help: error.help.isEmpty ? nil : error.help)
    }
  }

  private func signature() throws -> ForeignSignature {
    var reader = SignatureReader(data: [], quantities: [.count, .epoch, .step]) { name, names in
      nearestName(to: name, in: names)
    }
    reader.whyNoData = "is not there in a callback: a monitor with 'library' and 'symbol' is given rows"
    var specs: [SpecValue] = []
    for (index, text) in args.enumerated() {
      do { specs.append(try SpecValue(json: text.text)) } catch {
        throw PluginError("args[\(index)]: \(error.message)", help: error.help)
      }
    }
    return ForeignSignature(
      library: libraryPath, symbol: symbol, returns: try ForeignType(returns),
      arguments: try reader.arguments(specs))
  }

  /// A text without '/' is the system's to find, and a path never is: a file that is not there is an error.
  private var libraryPath: String {
    guard library.contains("/"), !library.hasPrefix("/") else { return library }
    if library.hasPrefix("~/"), let home = getenv("HOME") {
      return String(cString: home) + library.dropFirst()
    }
    return "\(folder.path)/\(library)"
  }

  private func checkResult(_ type: ForeignType) throws {
    guard result != nil || stop else { return }
    guard case .scalar = type else {
      throw PluginError(
        "the function returns '\(type)', which is no number", help: "set 'returns' to its type, such as f64")
    }
  }

  /// Where the values of the function are present.
  private var phase: Phase {
    let batchHooks: Set<When> = [
      .onBatchBegin, .onBatchEnd, .onOptimizerStep, .onValidationBatchBegin, .onValidationBatchEnd,
    ]
    if hooks.allSatisfy({ batchHooks.contains($0) }) { return .batch }
    return hooks.contains { batchHooks.contains($0) } ? [.batch, .epoch] : .epoch
  }

  // MARK: A run

  func reset() { call?.reset() }

  func onTrainBegin(_ event: Event) throws { try call(.onTrainBegin, event) }
  func onTrainEnd(_ event: Event) throws { try call(.onTrainEnd, event) }
  func onEpochBegin(_ event: Event) throws { try call(.onEpochBegin, event) }
  func onEpochEnd(_ event: Event) throws { try call(.onEpochEnd, event) }
  func onBatchBegin(_ event: Event) throws { try call(.onBatchBegin, event) }
  func onBatchEnd(_ event: Event) throws { try call(.onBatchEnd, event) }
  func onOptimizerStep(_ event: Event) throws { try call(.onOptimizerStep, event) }
  func onValidationBegin(_ event: Event) throws { try call(.onValidationBegin, event) }
  func onValidationEnd(_ event: Event) throws { try call(.onValidationEnd, event) }
  func onValidationBatchBegin(_ event: Event) throws { try call(.onValidationBatchBegin, event) }
  func onValidationBatchEnd(_ event: Event) throws { try call(.onValidationBatchEnd, event) }
  func onException(_ event: Event) throws { try call(.onException, event) }

  private func call(_ when: When, _ event: Event) throws {
    guard let call, hooks.contains(when) else { return }
    // A metric that is not there yet has no value that could be passed.
    for metric in wanted {
      guard let value = event.logs[metric] else { return }
      call.set(metric: metric.name, to: value)
    }
    do {
      if !quantities.isEmpty {
        try call.set(.epoch, to: event.epoch)
        try call.set(.step, to: event.step)
        try call.set(.count, to: event.examples)
      }
    } catch { throw PluginError(error.message, help: error.help) }
    call()
    publish(call, event)
  }

  private func publish(_ call: ForeignCall, _ event: Event) {
    for (index, metric) in outputs.enumerated() {
      if let value = call.output(index) { event.publish(metric, value) }
    }
    guard let value = call.result else { return }
    if let resultMetric { event.publish(resultMetric, value) }
    if stop, value != 0 { event.stop(because: "\(symbol) returned \(value)") }
  }
}

extension Direction {
  fileprivate init(_ direction: ForeignOutput.Direction) {
    switch direction {
    case .none: self = .none
    case .min: self = .min
    case .max: self = .max
    }
  }
}

extension Call.Way {
  fileprivate var direction: Direction {
    switch self {
    case .none: .none
    case .min: .min
    case .max: .max
    }
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(Call.self, to: args, license: "Apache-2.0")
}
