import CTrainyard

/// Effects as bytes of a message.
enum EffectCode: UInt8 {
  case publish = 1, text, list, stop, log, status, assign
  case slotTake, slotRestore, slotSwap, slotBlend, slotDrop
  case save, checkpoint, parameter, fileStart, fileAppend, fileRemove

  /// Whether a call may have it: the same as in this process, where the tables of the host see to it.
  func isAllowed(in call: HelperCall) -> Bool {
    switch self {
    case .log: true
    case .publish, .text, .list: call == .hook || call == .compute
    case .fileStart, .fileAppend, .fileRemove: call == .hook || call == .compute
    default: call == .hook
    }
  }

  /// Whether the next callback of a hook can be called before the host has carried this out: nothing that it is shown
  /// or may ask for can differ but the values of metrics, and carrying it out cannot fail. Host and helper decide it
  /// alike.
  func letsNextGoOn(atEpochEnd: Bool) -> Bool {
    switch self {
    case .publish, .stop, .log, .status, .checkpoint: true
    // An epoch's end shows the notes of those before.
    case .text, .list: !atEpochEnd
    default: false
    }
  }
}

/// What a call asked for, to be handed to the services of its instance when all of it has been read.
struct RemoteEffect {
  var code: EffectCode
  var apply: (any HostServices) -> Void
}

extension WireReader {
  /// The effects of a call. What no helper of ours would send is a fault.
  /// - Parameter mayPublish: Whether the instance has declared a metric.
  mutating func effects(
    of call: HelperCall, mayPublish: (UInt32) -> Bool
  ) throws(WireFault) -> [RemoteEffect] {
    let count = try take(UInt32.self)
    var effects: [RemoteEffect] = []
    for _ in 0..<count {
      guard let code = EffectCode(rawValue: try take(UInt8.self)), code.isAllowed(in: call) else {
        throw WireFault("an effect that \(call) cannot have")
      }
      effects.append(RemoteEffect(code: code, apply: try effect(code, mayPublish)))
    }
    return effects
  }

  private mutating func effect(
    _ code: EffectCode, _ mayPublish: (UInt32) -> Bool
  ) throws(WireFault) -> (any HostServices) -> Void {
    switch code {
    case .publish:
      let (id, value) = (try take(UInt32.self), try take(Double.self))
      guard mayPublish(id) else { throw WireFault("a value for the metric \(id), which it did not declare") }
      return { $0.publish(id, value) }
    case .text:
      let (name, text) = (try self.text(), try self.text())
      return { $0.publishText(name, text) }
    case .list:
      let (name, values) = (try text(), try doubles())
      return { $0.publishList(name, values) }
    case .stop:
      let reason = try text()
      return { $0.stop(reason) }
    case .log:
      let (level, text) = (min(try take(UInt32.self), UInt32(TY_LOG_WARNING)), try self.text())
      return { $0.log(level, text) }
    case .status:
      let text = try self.text()
      return { $0.status(text) }
    case .assign:
      let weights = BorrowedWeights(try list { reader throws(WireFault) in try reader.weight() })
      return { services in weights.pointers.withUnsafeBufferPointer { services.assignWeights($0) } }
    case .slotTake, .slotRestore, .slotSwap, .slotBlend, .slotDrop: return try slotEffect(code)
    case .checkpoint: return { $0.markCheckpoint() }
    case .parameter:
      let (name, value) = (try text(), try take(Double.self))
      return { $0.setParameter(name, value) }
    case .save, .fileStart, .fileRemove, .fileAppend: return try fileEffect(code)
    }
  }

  private mutating func fileEffect(_ code: EffectCode) throws(WireFault) -> (any HostServices) -> Void {
    let path = try text()
    switch code {
    case .save: return { $0.saveWeights(path) }
    case .fileStart: return { $0.startFile(path) }
    case .fileRemove: return { $0.removeFile(path) }
    default:
      let bytes = try data()
      return { services in bytes.withUnsafeBytes { services.appendFile(path, $0) } }
    }
  }

  private mutating func slotEffect(_ code: EffectCode) throws(WireFault) -> (any HostServices) -> Void {
    let slot = try self.slot()
    switch code {
    case .slotTake: return { $0.slotTake(slot) }
    case .slotRestore: return { $0.slotRestore(slot) }
    case .slotSwap: return { $0.slotSwap(slot) }
    case .slotDrop: return { $0.slotDrop(slot) }
    default:
      let (slotScale, weightScale) = (try take(Double.self), try take(Double.self))
      return { $0.slotBlend(slot, slotScale: slotScale, weightScale: weightScale) }
    }
  }

  private mutating func slot() throws(WireFault) -> Int {
    let slot = try take(UInt8.self)
    guard slot < 16 else { throw WireFault("the slot \(slot), which does not exist") }
    return Int(slot)
  }

  package mutating func weight() throws(WireFault) -> WireWeight {
    let name = try text()
    let isTrainable = try bool()
    let (code, bits) = (try take(UInt8.self), try take(UInt8.self))
    let shape = try list(least: 8) { reader throws(WireFault) in try reader.take(Int64.self) }
    let bytes = try data()
    let type = ty_dtype(code: code, bits: bits, lanes: 1)
    guard let width = TensorCheck.width(type), shape.byteCount(width) == bytes.count else {
      throw WireFault("a weight has a shape that is not its own")
    }
    return WireWeight(name: name, isTrainable: isTrainable, type: type, shape: shape, bytes: bytes)
  }
}

/// A weight with its elements.
package struct WireWeight {
  var name: String
  var isTrainable: Bool
  var type: ty_dtype
  var shape: [Int64]
  var bytes: [UInt8]
}

extension WireWriter {
  /// A weight that has been checked.
  mutating func put(_ weight: UnsafePointer<ty_weight>) {
    let tensor = weight.pointee.tensor
    put(Foreign.words(weight.pointee.name) ?? "")
    put(weight.pointee.trainable != 0)
    put(tensor.dtype.code)
    put(tensor.dtype.bits)
    put(list: TensorCheck.shape(tensor)) { $0.put($1) }
    let size = (try? TensorCheck.size(tensor).get()) ?? 0
    put(UnsafeRawBufferPointer(start: TensorCheck.start(tensor), count: size))
  }
}

/// Weights of a message in the contract's form, with memory of their own.
package final class BorrowedWeights {
  package private(set) var pointers: [UnsafePointer<ty_weight>?] = []
  private let rows: UnsafeMutablePointer<ty_weight>
  private let layouts = TensorLayouts()
  private var blocks: [UnsafeMutableRawPointer] = []

  package init(_ weights: [WireWeight]) {
    rows = .allocate(capacity: max(1, weights.count))
    for (index, weight) in weights.enumerated() {
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, weight.bytes.count), alignment: 64)
      copy.copyBytes(from: weight.bytes)
      let name = copyText(weight.name)
      blocks.append(UnsafeMutableRawPointer(name))
      if let base = copy.baseAddress { blocks.append(base) }
      let shared = SharedTensor(type: weight.type, shape: weight.shape, offset: 0)
      (rows + index).initialize(
        to: ty_weight(
          struct_size: UInt32(MemoryLayout<ty_weight>.size), trainable: weight.isTrainable ? 1 : 0,
          name: UnsafePointer(name), tensor: layouts.tensor(shared, base: copy.baseAddress)))
      pointers.append(UnsafePointer(rows + index))
    }
  }

  deinit {
    rows.deallocate()
    for block in blocks { block.deallocate() }
  }
}
