import ForeignCalls

/// A C function as its monitor calls it: in this process, or in a helper.
protocol FunctionCalls: AnyObject {
  func reset() throws
  func bind(_ data: ForeignData, to array: ForeignArray) throws
  func bindOnes(_ data: ForeignData, count: Int)
  func set(_ quantity: ForeignQuantity, to value: Int) throws
  func set(metric name: String, to value: Double)
  func callAsFunction() throws
  var result: Double? { get }
  func output(_ index: Int) -> Double?
  /// The memory of all contexts.
  func saveContext() throws -> [UInt8]
  func loadContext(_ bytes: [UInt8]) throws
}

extension ForeignCall: FunctionCalls {
  func saveContext() -> [UInt8] { contextBytes }
  func loadContext(_ bytes: [UInt8]) { contextBytes = bytes }
}

extension ForeignSignature {
  /// Of all its contexts.
  var contextSize: Int {
    arguments.reduce(0) { if case .context(let bytes) = $1.binding { $0 + bytes } else { $0 } }
  }
}
