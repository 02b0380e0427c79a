import CTrainyard

/// How loud a line is.
public enum LogLevel: UInt32, Sendable {
  case debug, info, warning
}

/// The host as one instance sees it: metrics, effects, services. Only the thread that calls the instance may
/// use it.
public struct Host {
  public let pointer: UnsafePointer<ty_host>

  public init(_ pointer: UnsafePointer<ty_host>) { self.pointer = pointer }

  /// The instance's name in the run.
  public var instanceName: String {
    pointer.pointee.instance_name(pointer).map { String(cString: $0) } ?? ""
  }

  /// A metric that this instance reads. Unless `optional`, a run that cannot produce it does not start.
  /// In `create` and `onTrainBegin`.
  public func want(_ name: String, optional: Bool = false) -> Metric {
    let want = UInt32(optional ? TY_WANT_OPTIONAL : TY_WANT_REQUIRED)
    return Metric(name: name, id: pointer.pointee.metric_want(pointer, name, want))
  }

  /// A metric that this instance will publish. In `create`, `prepare` and `onTrainBegin`.
  public func declare(_ name: String, _ direction: Direction = .none, in phase: Phase = .epoch) -> Metric {
    let id = pointer.pointee.metric_declare(pointer, name, direction.rawValue, phase.rawValue)
    return Metric(name: name, id: id)
  }

  /// Which way the metric improves in this run.
  public func direction(of metric: Metric) -> Direction {
    Direction(rawValue: pointer.pointee.metric_direction(pointer, metric.id)) ?? .none
  }

  /// The name of a metric in this host's numbering.
  public func metricName(_ id: UInt32) -> String? {
    pointer.pointee.metric_name(pointer, id).map { String(cString: $0) }
  }

  /// An effect: a value for a metric that this instance declared.
  public func publish(_ metric: Metric, _ value: Double) {
    pointer.pointee.publish(pointer, metric.id, value)
  }

  /// An effect: a text for loggers, at the end of an epoch.
  public func publish(_ name: String, text: String) { pointer.pointee.publish_text(pointer, name, text) }

  /// An effect: a list of numbers for loggers, at the end of an epoch.
  public func publish(_ name: String, list: [Double]) {
    pointer.pointee.publish_list(pointer, name, list, UInt64(list.count))
  }

  /// An effect: ends training at the next batch boundary.
  public func stop(because reason: String) { pointer.pointee.stop(pointer, reason) }

  /// An effect: a line for the user.
  public func log(_ level: LogLevel = .info, _ text: String) {
    pointer.pointee.log(pointer, level.rawValue, text)
  }

  /// An effect: the text of the status line on a terminal.
  public func status(_ text: String) { pointer.pointee.status(pointer, text) }

  /// Facts of the run; `nil` outside one.
  public var run: RunFacts? {
    guard let service: UnsafePointer<ty_run_service> = service(TY_SERVICE_RUN),
      let facts = service.pointee.facts(pointer)
    else { return nil }
    // No more than the host has filled: it may be older than this header.
    var known = ty_run_facts()
    withUnsafeMutableBytes(of: &known) { bytes in
      let size = min(Int(facts.withMemoryRebound(to: UInt32.self, capacity: 1) { $0.pointee }), bytes.count)
      bytes.copyMemory(from: UnsafeRawBufferPointer(start: facts, count: size))
    }
    return RunFacts(known)
  }

  /// The model's weights and this instance's slots.
  public var weights: Weights? { service(TY_SERVICE_WEIGHTS).map { Weights(host: pointer, table: $0) } }
  /// The model's hyper-parameters.
  public var optimizer: Optimizer? {
    service(TY_SERVICE_OPTIMIZER).map { Optimizer(host: pointer, table: $0) }
  }
  /// Files of the run.
  public var files: Files? { service(TY_SERVICE_FILES).map { Files(host: pointer, table: $0) } }
  /// This instance's random stream.
  public var random: RandomStream? {
    service(TY_SERVICE_RANDOM).map { RandomStream(host: pointer, table: $0) }
  }
  /// The host's clocks.
  public var clock: Clock? { service(TY_SERVICE_CLOCK).map { Clock(host: pointer, table: $0) } }

  /// Monitors that this instance adds to runs.
  public var monitors: Monitors? {
    service(TY_SERVICE_MONITORS).map { Monitors(host: pointer, table: $0) }
  }

  private func service<Table>(_ id: String) -> UnsafePointer<Table>? {
    pointer.pointee.service(pointer, id)?.assumingMemoryBound(to: Table.self)
  }
}

/// Facts of a run, fixed while it lasts.
public struct RunFacts: Sendable {
  public var isResumed: Bool
  public var seed: UInt64
  /// Planned.
  public var epochs: Int
  public var initialEpoch: Int
  public var batchesPerEpoch: Int
  public var batchSize: Int
  public var trainingRows: Int
  /// 0: the run does not validate.
  public var validationRows: Int
  public var threads: Int
  public var rank: Int
  public var world: Int
  /// Columns; 0: output is not a terminal.
  public var terminalWidth: Int
  /// The run's folder; empty where there is none.
  public var folder: String
  /// Id of the model's component.
  public var model: String

  init(_ facts: ty_run_facts) {
    isResumed = facts.resumed != 0
    seed = facts.seed
    epochs = Int(facts.epochs)
    initialEpoch = Int(facts.initial_epoch)
    batchesPerEpoch = Int(facts.batches_per_epoch)
    batchSize = Int(facts.batch_size)
    trainingRows = Int(facts.training_rows)
    validationRows = Int(facts.validation_rows)
    threads = Int(facts.threads)
    rank = Int(facts.rank)
    world = Int(facts.world)
    terminalWidth = Int(facts.terminal_width)
    folder = facts.folder.map { String(cString: $0) } ?? ""
    model = facts.model.map { String(cString: $0) } ?? ""
  }
}
