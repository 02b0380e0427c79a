/// The monitors of a run, by when they measure.
public struct MonitorSet {
  /// Given the training pass. Those that sample the process compute at the end of the epoch.
  public var training: [any LoopMonitor]
  public var validation: [any LoopMonitor]
  /// Compute at the end of each epoch, after all others, in this order.
  public var epoch: [any LoopMonitor]

  public init(
    training: [any LoopMonitor] = [], validation: [any LoopMonitor] = [], epoch: [any LoopMonitor] = []
  ) {
    self.training = training
    self.validation = validation
    self.epoch = epoch
  }

  public var all: [any LoopMonitor] { training + validation + epoch }

  public mutating func add(_ other: MonitorSet) {
    training += other.training
    validation += other.validation
    epoch += other.epoch
  }
}
