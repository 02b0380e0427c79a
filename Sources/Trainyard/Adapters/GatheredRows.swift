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

  func append(_ tensor: Tensor) {
    if count == 0 { type = tensor.type }
    append(UnsafeRawBufferPointer(start: tensor.base, count: tensor.byteCount), of: tensor.type)
  }

  /// So many ones, for rows without weights.
  func appendOnes(_ rows: Int) {
    if count == 0 { type = .float32 }
    reserve((count + rows) * type.size)
    for index in count..<(count + rows) { memory.storeBytes(of: 1, toByteOffset: index * 4, as: Float.self) }
    count += rows
  }

  /// Rows of another type than those before are a mistake of the model, and left out.
  private func append(_ bytes: UnsafeRawBufferPointer, of type: ElementType) {
    guard type == self.type, let start = bytes.baseAddress else { return }
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

  func restore(_ value: StateValue?) {
    removeAll()
    guard case .tensor(let type, _, let bytes)? = value else { return }
    self.type = type
    bytes.withUnsafeBytes { append($0, of: type) }
  }
}
