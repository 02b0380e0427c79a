import CTrainyard

/// A weight whose elements lie in memory that both sides see.
struct SharedWeight {
  var name: String
  var isTrainable: Bool
  var tensor: SharedTensor
}

extension WireWriter {
  /// A weight that has been checked, without its elements.
  mutating func put(_ weight: UnsafePointer<ty_weight>, at offset: Int) {
    put(Foreign.words(weight.pointee.name) ?? "")
    put(weight.pointee.trainable != 0)
    put(layoutOf: weight.pointee.tensor, at: UInt64(offset))
  }
}

extension WireReader {
  /// Weights within `size` bytes of memory.
  mutating func weights(in size: Int) throws(WireFault) -> [SharedWeight] {
    try list { reader throws(WireFault) in
      let (name, isTrainable) = (try reader.text(limit: 4096), try reader.bool())
      guard let tensor = try reader.tensor(in: size) else { throw WireFault("a weight without elements") }
      return SharedWeight(name: name, isTrainable: isTrainable, tensor: tensor)
    }
  }
}

/// Weights in the contract's form, as views of memory that both sides see.
final class SharedWeights {
  private(set) var pointers: [UnsafePointer<ty_weight>?] = []
  /// How much of the memory they take.
  private let size: Int
  private let weights: [SharedWeight]
  private let base: UnsafeMutableRawPointer
  private let rows: UnsafeMutablePointer<ty_weight>
  private let layouts = TensorLayouts()
  private var names: [UnsafeMutablePointer<CChar>] = []
  /// Where they lie, for as long as this is there.
  private let area: SharedArea?

  convenience init(_ weights: [SharedWeight], in area: SharedArea) {
    self.init(weights, area.base, area)
  }

  private init(_ weights: [SharedWeight], _ base: UnsafeMutableRawPointer, _ area: SharedArea?) {
    self.weights = weights
    self.base = base
    self.area = area
    size = weights.reduce(0) { max($0, Int($1.tensor.offset) + $1.tensor.byteCount) }
    rows = .allocate(capacity: max(1, weights.count))
    for (index, weight) in weights.enumerated() {
      let name = copyText(weight.name)
      names.append(name)
      (rows + index).initialize(
        to: ty_weight(
          struct_size: UInt32(MemoryLayout<ty_weight>.size), trainable: weight.isTrainable ? 1 : 0,
          name: UnsafePointer(name), tensor: layouts.tensor(weight.tensor, base: base)))
      pointers.append(UnsafePointer(rows + index))
    }
  }

  deinit {
    rows.deallocate()
    for name in names { name.deallocate() }
    if area == nil { base.deallocate() }
  }

  /// The same in memory of their own, which nobody else can change.
  func copied() -> SharedWeights {
    let copy = UnsafeMutableRawPointer.allocate(byteCount: max(1, size), alignment: 64)
    copy.copyMemory(from: base, byteCount: size)
    return SharedWeights(weights, copy, nil)
  }
}
