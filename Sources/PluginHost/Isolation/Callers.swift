import CTrainyard

// The instances of each kind as adapters call them, in this process or in a helper.

public protocol InstanceCalls: AnyObject {
  func destroy()
  /// Whether there is anything that `saveState` gives.
  var savesState: Bool { get }
  func saveState() throws -> SavedState
  func loadState(_ saved: SavedState) throws
}

public protocol CallbackCalls: InstanceCalls {
  func reset() throws
  func call(_ hook: Int, _ event: UnsafePointer<ty_event>) throws
}

public protocol MonitorCalls: InstanceCalls {
  func reset() throws
  func prepare(_ task: UnsafePointer<ty_task>) throws
  func passBegin(_ pass: UInt32) throws
  func update(_ batch: UnsafePointer<ty_batch>, _ prediction: UnsafePointer<ty_tensor>) throws
  func compute() throws
}

public protocol DatasetCalls: InstanceCalls {
  func reset() throws
  func rowCount() throws -> Int
  func fields() throws -> [FieldDescription]
  func read(
    rows: UnsafeBufferPointer<Int64>, seed: UInt64, epoch: Int,
    into outputs: UnsafeBufferPointer<UnsafeMutablePointer<ty_tensor>?>
  ) throws
  /// `nil`: the dataset gives none; a helper never does.
  func whole(_ index: Int) throws -> WholeField?
}

public protocol ModelCalls: InstanceCalls {
  func reset(seed: UInt64, task: UnsafePointer<ty_task>) throws
  func describe() throws -> ty_model_facts
  func trainStep(_ batch: UnsafePointer<ty_batch>, _ step: UnsafeMutablePointer<ty_step>) throws
  func evaluate(_ batch: UnsafePointer<ty_batch>, _ step: UnsafeMutablePointer<ty_step>) throws
  func weightCount() throws -> Int
  func weight(_ index: Int, into weight: UnsafeMutablePointer<ty_weight>) throws
  /// The same without a copy: of a model in a helper the elements may change while they are read. For those who copy
  /// them, or compute with them and ask nothing of the result.
  func unsteadyWeight(_ index: Int, into weight: UnsafeMutablePointer<ty_weight>) throws
  func assign(_ weights: [UnsafePointer<ty_weight>?]) throws
  func parameterNamePointer(_ index: Int) throws -> UnsafePointer<CChar>?
  func parameterName(_ index: Int) throws -> String?
  func parameter(_ name: String) throws -> Double?
  func setParameter(_ name: String, _ value: Double) throws
  var hasSnapshots: Bool { get }
  func takeSnapshot(_ slot: Int) throws
  func restoreSnapshot(_ slot: Int) throws
  func dropSnapshot(_ slot: Int) throws
}

extension CallbackInstance: CallbackCalls {}
extension MonitorInstance: MonitorCalls {}
extension DatasetInstance: DatasetCalls {}
extension ModelInstance: ModelCalls {
  public func unsteadyWeight(_ index: Int, into weight: UnsafeMutablePointer<ty_weight>) throws {
    try self.weight(index, into: weight)
  }
}
extension RemoteCallback: CallbackCalls {}
extension RemoteMonitor: MonitorCalls {}
extension RemoteModel: ModelCalls {}

extension RemoteDataset: DatasetCalls {
  public func whole(_ index: Int) throws -> WholeField? { nil }
}
