import ForeignCalls
import Training

/// Rows of a pass, one batch after the other, in memory that grows with the first pass and is used again by all others.
final class GatheredRows {
  private(set) var type = ElementType.float32
  /// Elements.
  private(set) var count = 0
  private var memory: UnsafeMutableRawPointer
  private var capacity = 0

  init() { memory = .allocate(byteCount: 8, alignment: 64) }

  deinit { memory.deallocate() }

  var base: UnsafeRawPointer { UnsafeRawPointer(memory) }

  func removeAll() { count = 0 }

  /// Rows of another type than those before are a mistake of who makes them.
  func append(_ tensor: Tensor) throws(ForeignError) {
    if count == 0 { type = tensor.type }
    guard tensor.type == type else {
      throw ForeignError(
        .doesNotFit,
        "a batch holds \(ForeignScalar(tensor.type).rawValue) where those before held \(ForeignScalar(type).rawValue)",
        help: "a model or dataset must keep to one type in a pass")
    }
    append(UnsafeRawBufferPointer(start: tensor.base, count: tensor.byteCount))
  }

  /// So many ones, for rows without weights, in the type of those before.
  func appendOnes(_ rows: Int) {
    if count == 0 { type = .float32 }
    reserve((count + rows) * type.size)
    for index in count..<(count + rows) {
      let place = memory + index * type.size
      switch type {
      case .uint8: place.storeBytes(of: 1, as: UInt8.self)
      case .int32: place.storeBytes(of: 1, as: Int32.self)
      case .int64: place.storeBytes(of: 1, as: Int64.self)
      case .float32: place.storeBytes(of: 1, as: Float.self)
      case .float64: place.storeBytes(of: 1, as: Double.self)
      }
    }
    count += rows
  }

  private func append(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    let used = count * type.size
    reserve(used + bytes.count)
    (memory + used).copyMemory(from: start, byteCount: bytes.count)
    count += bytes.count / type.size
  }

  private func reserve(_ size: Int) {
    guard size > capacity else { return }
    let larger = max(size, 2 * capacity, 4096)
    let new = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 64)
    new.copyMemory(from: memory, byteCount: min(count * type.size, capacity))
    memory.deallocate()
    memory = new
    capacity = larger
  }

  // MARK: State

  var saved: StateValue {
    let bytes = UnsafeRawBufferPointer(start: memory, count: count * type.size)
    return .tensor(type: type, shape: [count], bytes: Array(bytes))
  }

  /// Returns false, and holds nothing, where the value is no list of numbers.
  func restore(_ value: StateValue?) -> Bool {
    removeAll()
    guard let value else { return true }
    guard case .tensor(let type, let shape, let bytes) = value, shape.count == 1,
      bytes.count.isMultiple(of: type.size), shape[0] == bytes.count / type.size
    else { return false }
    self.type = type
    bytes.withUnsafeBytes { append($0) }
    return true
  }
}
