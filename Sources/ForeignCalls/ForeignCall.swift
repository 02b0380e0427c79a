import CFFI

/// The arguments of a function in memory of their own, for one caller: filled in place and called, over and over.
/// Nothing is allocated in a call but scratch memory that grows with the data.
///
/// ```swift
/// let call = try ForeignCall(ForeignFunction(signature))
/// try call.set(.count, to: 3)
/// try call.bind(.prediction, to: ForeignArray(base, .f32, count: 3))
/// call()
/// call.result
/// ```
public final class ForeignCall {
  public let function: ForeignFunction
  /// What the outputs are called, in the order of `outputs`.
  public let outputNames: [String]

  /// One word for each argument: the number itself, or a pointer.
  private let words: UnsafeMutablePointer<UInt64>
  private let addresses: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private let returned = UnsafeMutablePointer<UInt64>.allocate(capacity: 2)
  private var places = Places()
  private var outputs: [Output] = []
  private var contexts: [(memory: UnsafeMutableRawPointer, bytes: Int)] = []
  private var constants: [UnsafeMutableRawPointer] = []
  /// What the function may overwrite of them, and what is there again before each call.
  private var pristine: [(memory: UnsafeMutableRawPointer, bytes: [UInt8])] = []
  private var closures: [ForeignClosure] = []
  /// What callbacks read and write.
  private let exchange = Exchange()

  /// Data that one argument alone takes, and by `*const`: rows of this type go there as they are, without a further look.
  private struct DirectPlace {
    var argument: Int
    var type: ForeignScalar
  }

  private var directPrediction: DirectPlace?
  private var directTarget: DirectPlace?
  private var directWeight: DirectPlace?

  /// Which arguments take what.
  private struct Places {
    var data:
      [(data: ForeignData, argument: Int, type: ForeignScalar, isConst: Bool, scratch: ScratchArray)] = []
    var quantities: [(quantity: ForeignQuantity, argument: Int, type: ForeignScalar)] = []
    var metrics: [(name: String, argument: Int, type: ForeignScalar)] = []
  }

  private enum Output {
    case written(ForeignScalar, UnsafeMutablePointer<UInt64>)
    case published(Int)
  }

  /// What the call is given for callbacks to read, and what they were told.
  private final class Exchange {
    private var prediction: ForeignArray?
    private var target: ForeignArray?
    private var weight: ForeignArray?
    var published: [Double?] = []

    subscript(_ data: ForeignData) -> ForeignArray? {
      get {
        switch data {
        case .prediction: prediction
        case .target: target
        case .weight: weight
        }
      }
      set {
        switch data {
        case .prediction: prediction = newValue
        case .target: target = newValue
        case .weight: weight = newValue
        }
      }
    }
  }

  public init(_ function: ForeignFunction) throws(ForeignError) {
    self.function = function
    let count = function.signature.arguments.count
    outputNames = function.signature.outputs.map(\.name)
    words = .allocate(capacity: max(1, count))
    words.initialize(repeating: 0, count: max(1, count))
    addresses = .allocate(capacity: max(1, count))
    for index in 0..<count { (addresses + index).initialize(to: UnsafeMutableRawPointer(words + index)) }
    returned.initialize(repeating: 0, count: 2)
    for (index, argument) in function.signature.arguments.enumerated() { try place(argument, index) }
    directPrediction = direct(.prediction)
    directTarget = direct(.target)
    directWeight = direct(.weight)
  }

  /// `nil` where rows have to be looked at: to be converted, copied, or kept for callbacks.
  private func direct(_ data: ForeignData) -> DirectPlace? {
    let takers = places.data.filter { $0.data == data }
    guard closures.isEmpty, takers.count == 1, let place = takers.first, place.isConst,
      ForeignConversion.fault(data, from: place.type, to: place.type, largest: 0) == nil
    else { return nil }
    return DirectPlace(argument: place.argument, type: place.type)
  }

  deinit {
    words.deallocate()
    addresses.deallocate()
    returned.deallocate()
    for case .written(_, let memory) in outputs { memory.deallocate() }
    for context in contexts { context.memory.deallocate() }
    for memory in constants { memory.deallocate() }
  }

  private func place(_ argument: ForeignArgument, _ index: Int) throws(ForeignError) {
    switch (argument.binding, argument.type) {
    case (.data(let data), .pointer(let type, let isConst)):
      places.data.append((data, index, type, isConst, ScratchArray(type)))
    case (.quantity(let quantity), .scalar(let type)): places.quantities.append((quantity, index, type))
    case (.metric(let name), .scalar(let type)): places.metrics.append((name, index, type))
    case (.constant(let constant), let type): try place(constant, type, index)
    case (.output, .pointer(let type, _)):
      let memory = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
      memory.initialize(to: 0)
      outputs.append(.written(type, memory))
      point(index, to: memory)
    case (.context(let bytes), .opaque), (.context(let bytes), .pointer):
      let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
      memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
      contexts.append((memory, bytes))
      point(index, to: memory)
    case (.callback(let callback), _): try place(callback, index)
    default:
      throw ForeignError(
        .wrongTypeForBinding, "argument \(index + 1) cannot be passed as '\(argument.type)'",
        help: "rows go by pointer, numbers by value", argument: index)
    }
  }

  private func place(_ constant: ForeignConstant, _ type: ForeignType, _ index: Int) throws(ForeignError) {
    switch (constant, type) {
    case (.number(let value), .scalar(let scalar)):
      if scalar.storeConstant(value, at: words + index) { return }
    case (.int(let value), .scalar(let scalar)):
      if scalar.store(Int(value), at: words + index) { return }
    case (.list(let values), .pointer(let scalar, let isConst)):
      let memory = constantMemory(values.count, scalar.size)
      let fits = values.enumerated().allSatisfy {
        scalar.storeConstant($0.element, at: memory + $0.offset * scalar.size)
      }
      if fits { return pass(memory, values.count * scalar.size, isConst, index) }
    case (.integers(let values), .pointer(let scalar, let isConst)):
      let memory = constantMemory(values.count, scalar.size)
      let fits = values.enumerated().allSatisfy {
        scalar.store(Int($0.element), at: memory + $0.offset * scalar.size)
      }
      if fits { return pass(memory, values.count * scalar.size, isConst, index) }
    case (.text(let text), .pointer(_, let isConst)):
      let bytes = Array(text.utf8) + [0]
      let memory = constantMemory(bytes.count, 1)
      memory.copyMemory(from: bytes, byteCount: bytes.count)
      return pass(memory, bytes.count, isConst, index)
    default: break
    }
    throw ForeignError(
      .badConstant, "the constant of argument \(index + 1) cannot be passed as '\(type)'", argument: index)
  }

  private func pass(_ memory: UnsafeMutableRawPointer, _ size: Int, _ isConst: Bool, _ index: Int) {
    point(index, to: memory)
    guard !isConst else { return }
    pristine.append((memory, Array(UnsafeRawBufferPointer(start: memory, count: size))))
  }

  private func constantMemory(_ count: Int, _ size: Int) -> UnsafeMutableRawPointer {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(8, count * size), alignment: 64)
    constants.append(memory)
    return memory
  }

  private func place(_ callback: ForeignCallback, _ index: Int) throws(ForeignError) {
    let exchange = exchange
    let closure: ForeignClosure
    switch callback.role {
    case .reads(let data):
      closure = try ForeignClosure(returns: callback.returns, parameters: callback.parameters) { numbers in
        exchange[data]?.value(at: numbers.first(isWhole: true)) ?? .nan
      }
    case .publishes:
      let number = exchange.published.count
      exchange.published.append(nil)
      outputs.append(.published(number))
      closure = try ForeignClosure(returns: callback.returns, parameters: callback.parameters) { numbers in
        exchange.published[number] = numbers.first()
        return 0
      }
    }
    closures.append(closure)
    point(index, to: closure.pointer)
  }

  private func point(_ index: Int, to memory: UnsafeRawPointer) {
    words[index] = UInt64(UInt(bitPattern: memory))
  }

  // MARK: What goes in

  /// Hands over rows for the next call: themselves through `*const`, else a copy that the function may write. Rows are
  /// converted where it takes another type. The function must not keep the pointer.
  public func bind(_ data: ForeignData, to array: ForeignArray) throws(ForeignError) {
    let direct =
      switch data {
      case .prediction: directPrediction
      case .target: directTarget
      case .weight: directWeight
      }
    if let direct, direct.type == array.type { return point(direct.argument, to: array.base) }
    for place in places.data where place.data == data {
      if let fault = ForeignConversion.fault(data, from: array.type, to: place.type, largest: 0) {
        throw fault.about(place.argument)
      }
      let passed = place.isConst && place.type == array.type ? array : place.scratch.convert(array)
      point(place.argument, to: passed.base)
    }
    if !closures.isEmpty { exchange[data] = array }
  }

  /// Hands over so many ones, as the weights of rows that have none.
  public func bindOnes(_ data: ForeignData, count: Int) {
    for place in places.data where place.data == data {
      point(place.argument, to: place.scratch.filledWithOnes(count, areUntouched: place.isConst).base)
    }
    if !closures.isEmpty { exchange[data] = ones(count) }
  }

  private lazy var onesForCallbacks = ScratchArray(.f32)
  private func ones(_ count: Int) -> ForeignArray { onesForCallbacks.filledWithOnes(count) }

  public func set(_ quantity: ForeignQuantity, to value: Int) throws(ForeignError) {
    for place in places.quantities where place.quantity == quantity {
      guard place.type.store(value, at: words + place.argument) else {
        throw ForeignError(
          .doesNotFit, "'\(quantity.rawValue)' is \(value), which '\(place.type.rawValue)' cannot hold",
          help: "let the function take a larger type", argument: place.argument)
      }
    }
  }

  public func set(metric name: String, to value: Double) {
    for place in places.metrics where place.name == name {
      place.type.store(value, at: words + place.argument)
    }
  }

  // MARK: The call

  public func callAsFunction() {
    for case .written(let type, let memory) in outputs {
      memory.pointee = 0
      // What a function does not write is not a number, where the type can say so.
      if type.isFloat { type.store(Double.nan, at: memory) }
    }
    for (memory, bytes) in pristine { memory.copyMemory(from: bytes, byteCount: bytes.count) }
    for index in exchange.published.indices { exchange.published[index] = nil }
    ffi_call(function.interface.cif, function.pointer, returned, addresses)
    // The rows are the caller's and may be gone: a thread that the function has left behind finds none.
    if !closures.isEmpty { for data in ForeignData.allCases { exchange[data] = nil } }
  }

  // MARK: What comes out

  /// What the function returned last; `nil` unless that is a number.
  public var result: Double? {
    guard case .scalar(let scalar) = function.signature.returns else { return nil }
    return scalar.load(returned)
  }

  /// The value of an output of the last call; `nil` where a callback was never called.
  public func output(_ index: Int) -> Double? {
    switch outputs[index] {
    case .written(let type, let memory): type.load(memory)
    case .published(let number): exchange.published[number]
    }
  }

  // MARK: Context

  /// The memory of all contexts, for a checkpoint.
  public var contextBytes: [UInt8] {
    get { contexts.flatMap { Array(UnsafeRawBufferPointer(start: $0.memory, count: $0.bytes)) } }
    set {
      guard newValue.count == contexts.reduce(0, { $0 + $1.bytes }) else { return }
      var rest = newValue[...]
      for context in contexts {
        context.memory.copyMemory(from: Array(rest.prefix(context.bytes)), byteCount: context.bytes)
        rest = rest.dropFirst(context.bytes)
      }
    }
  }

  /// Contexts are zero again, as in a new call.
  public func reset() {
    for context in contexts {
      context.memory.initializeMemory(as: UInt8.self, repeating: 0, count: context.bytes)
    }
  }
}
