import ForeignCalls
import PluginHost

/// A C function in a helper, as its monitor calls it: what it is given is put together here and goes there with the call.
final class RemoteFunction: FunctionCalls {
  private let guest: RemoteGuest
  private let outputCount: Int
  private let contextSize: Int
  private let isOncePerPass: Bool
  private var given = FunctionInput()
  private var answer = FunctionValues()

  /// Opens the library there. Throws what is wrong with it, or `HelperFailure`.
  init(_ planned: PlannedFunction, _ settings: IsolationSettings, _ context: InstanceContext) throws {
    let signature = planned.config.signature
    outputCount = signature.outputs.count
    contextSize = signature.contextSize
    isOncePerPass = planned.config.when == .epoch
    let group = try context.run.helpers.group(named: planned.name, kind: .monitor, settings)
    guest = try RemoteGuest(
      group, FunctionGuest.creation(of: planned.config), kind: .monitor, name: planned.name,
      hasState: contextSize > 0, pins: planned.pins, settings: settings, services: context)
    var report = WireReader(guest.report)
    if try !report.bool() { throw try report.functionFault().cause }
  }

  func reset() throws {
    given = FunctionInput()
    try guest.reset()
  }

  func bind(_ data: ForeignData, to array: ForeignArray) { given.bind(data, to: array) }
  func bindOnes(_ data: ForeignData, count: Int) { given.bindOnes(data, count: count) }
  func set(_ quantity: ForeignQuantity, to value: Int) { given.quantities[quantity] = value }
  func set(metric name: String, to value: Double) { given.metrics[name] = value }

  func callAsFunction() throws {
    answer = FunctionValues()
    let (body, arrays) = given.message
    // The rows are borrowed for this call.
    given.data = [:]
    var given: Result<FunctionValues, FunctionFault>?
    _ = try guest.call(
      isOncePerPass ? "compute" : "update", body, arrays, endsEpoch: isOncePerPass
    ) { [outputCount] reader throws(WireFault) in
      var reader = reader
      given = try reader.functionAnswer(outputs: outputCount)
    }
    switch given {
    case .success(let values): answer = values
    case .failure(let fault): throw fault.cause
    case nil: break
    }
  }

  var result: Double? { answer.result }
  func output(_ index: Int) -> Double? {
    answer.outputs.indices.contains(index) ? answer.outputs[index] : nil
  }

  func saveContext() throws -> [UInt8] {
    guard contextSize > 0, case .bytes(let bytes)? = try guest.saveState()["context"] else { return [] }
    return bytes
  }

  func loadContext(_ bytes: [UInt8]) throws { try guest.loadState(["context": .bytes(bytes)]) }
}

/// What a call is given.
struct FunctionInput {
  /// An array, or `nil` and so many ones.
  var data: [ForeignData: (array: ForeignArray?, count: Int)] = [:]
  var quantities: [ForeignQuantity: Int] = [:]
  var metrics: [String: Double] = [:]

  mutating func bind(_ name: ForeignData, to array: ForeignArray) { data[name] = (array, array.count) }
  mutating func bindOnes(_ name: ForeignData, count: Int) { data[name] = (nil, count) }

  /// As it goes to the helper, in an order that is always the same.
  var message: (body: [UInt8], arrays: [UnsafeRawBufferPointer]) {
    var writer = WireWriter()
    let items = ForeignData.allCases.compactMap { name in data[name].map { (name, $0) } }
    writer.put(list: items) {
      $0.put(FunctionData(data: $1.0, type: $1.1.array?.type, count: $1.1.count))
    }
    writer.put(list: ForeignQuantity.allCases.filter { quantities[$0] != nil }) {
      $0.put(choice: $1)
      $0.put(Int64(quantities[$1] ?? 0))
    }
    writer.put(list: metrics.sorted { $0.key < $1.key }) {
      $0.put($1.key)
      $0.put($1.value)
    }
    let arrays = items.compactMap { item in
      item.1.array.map { UnsafeRawBufferPointer(start: $0.base, count: $0.count * $0.type.size) }
    }
    return (writer.bytes, arrays)
  }
}
