import CTrainyard

/// What the host does for one instance when the instance calls its `ty_host`. The adapters implement it: this
/// module knows libraries and instances, and nothing of runs.
///
/// Effects are handed over as they are asked for; the implementation queues them, applies them when the call
/// has succeeded and drops them when it has failed. All calls come on the thread that calls the instance.
public protocol HostServices: AnyObject {
  // Metrics. Ids are dense from 0.
  func wantMetric(_ name: String, optional: Bool) -> UInt32
  func declareMetric(_ name: String, direction: UInt32, phase: UInt32) -> UInt32
  func metricDirection(_ id: UInt32) -> UInt32
  /// NUL-terminated UTF-8 that lives as long as the services object; `nil` for an unknown id.
  func metricName(_ id: UInt32) -> UnsafePointer<CChar>?

  // Facts, valid until the instance's call returns; `nil` outside a run.
  var runFacts: UnsafePointer<ty_run_facts>? { get }

  // Weights of the run's model; 0 and false outside a run.
  var weightCount: Int { get }
  func weight(_ index: Int, into weight: UnsafeMutablePointer<ty_weight>) -> Bool
  func isSlotFilled(_ slot: Int) -> Bool

  // Hyper-parameters of the run's model.
  func parameterName(_ index: Int) -> UnsafePointer<CChar>?
  func parameter(_ name: String) -> Double?

  // Files of the run: −1 where there is none.
  func fileSize(_ path: String) -> Int64

  // Random numbers and time.
  func nextRandom() -> UInt64
  func monotonicNanoseconds() -> Int64
  func wallNanoseconds() -> Int64

  /// A monitor that the instance adds to the run.
  func addMonitor(_ component: ComponentDescription, name: String) throws
  /// A monitor that an instance in a helper adds: it can be made there and nowhere else.
  func addMonitor(_ component: ComponentDescription, name: String, of owner: RemoteInstance) throws

  // Effects.
  func publish(_ id: UInt32, _ value: Double)
  func publishText(_ name: String, _ text: String)
  func publishList(_ name: String, _ values: [Double])
  func stop(_ reason: String)
  func log(_ level: UInt32, _ text: String)
  func status(_ text: String)
  func assignWeights(_ weights: UnsafeBufferPointer<UnsafePointer<ty_weight>?>)
  func slotTake(_ slot: Int)
  func slotRestore(_ slot: Int)
  func slotSwap(_ slot: Int)
  func slotBlend(_ slot: Int, slotScale: Double, weightScale: Double)
  func slotDrop(_ slot: Int)
  func saveWeights(_ path: String)
  func markCheckpoint()
  func setParameter(_ name: String, _ value: Double)
  func startFile(_ path: String)
  func appendFile(_ path: String, _ bytes: UnsafeRawBufferPointer)
  func removeFile(_ path: String)
}

extension HostServices {
  public func addMonitor(_ component: ComponentDescription, name: String, of owner: RemoteInstance) throws {
    throw WireFault("monitors of isolated plugins cannot be added here: leave out 'isolate'")
  }
}
