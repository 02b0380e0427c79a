import CTrainyard

/// Hands saved state to a plugin. What it hands out is valid until the load returns.
final class StateSource {
  private let state: SavedState
  private let keys: [String]
  private(set) var fault: String?
  private var blocks: [UnsafeMutableRawPointer] = []
  private let memory: LentMemory

  init(_ state: SavedState, in memory: LentMemory = LentMemory(watch: nil)) {
    self.state = state
    self.memory = memory
    keys = state.keys.sorted()
  }

  deinit {
    for block in blocks { memory.takeBack(block) }
  }

  /// Runs `load` with a `ty_source` that leads here.
  func serve(_ load: (UnsafePointer<ty_source>) -> ty_status) -> ty_status {
    var source = ty_source()
    source.struct_size = UInt32(MemoryLayout<ty_source>.size)
    source.context = Unmanaged.passUnretained(self).toOpaque()
    source.get_int = { source, key, result in
      StateSource.get(source, key, result) { _, value in
        guard case .int(let number) = value else { return nil }
        return number
      }
    }
    source.get_float = { source, key, result in
      StateSource.get(source, key, result) { _, value in
        guard case .float(let number) = value else { return nil }
        return number
      }
    }
    source.get_bytes = { source, key, start, size in
      var found = UnsafeRawBufferPointer(start: nil, count: 0)
      let answer = StateSource.get(source, key, start) { owner, value in
        guard case .bytes(let bytes) = value else { return nil }
        found = owner.keep(bytes)
        return found.baseAddress
      }
      if answer == 1 { size?.pointee = UInt64(found.count) }
      return answer
    }
    source.get_tensor = { source, key, result in
      StateSource.get(source, key, result) { $0.tensor($1) }
    }
    source.key = { source, index in
      guard let context = source?.pointee.context else { return nil }
      return Unmanaged<StateSource>.fromOpaque(context)._withUnsafeGuaranteedRef { owner in
        guard index < UInt64(owner.keys.count) else { return nil }
        let text = owner.memory.text(owner.keys[Int(index)], "a key of the state source")
        owner.blocks.append(UnsafeMutableRawPointer(text))
        return UnsafePointer(text)
      }
    }
    return withExtendedLifetime(self) { load(&source) }
  }

  /// 1: found; 0: no such key; −1: it holds another type.
  private static func get<T>(
    _ source: UnsafePointer<ty_source>?, _ key: UnsafePointer<CChar>?, _ result: UnsafeMutablePointer<T>?,
    _ read: (StateSource, StateValue) -> T?
  ) -> Int32 {
    guard let context = source?.pointee.context else { return 0 }
    return Unmanaged<StateSource>.fromOpaque(context)._withUnsafeGuaranteedRef { owner in
      guard let result else {
        owner.fault = "state_load asks for a value and gives no place for it"
        return -1
      }
      guard let name = try? Foreign.text(key), let value = owner.state[name] else { return 0 }
      guard let found = read(owner, value) else { return -1 }
      result.pointee = found
      return 1
    }
  }

  private func keep(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
    // 64: what the widest vector instructions like.
    let start = memory.lend(bytes.count, alignment: 64, "bytes of the state source")
    UnsafeMutableRawBufferPointer(start: start, count: bytes.count).copyBytes(from: bytes)
    memory.seal(start)
    blocks.append(start)
    return UnsafeRawBufferPointer(start: start, count: bytes.count)
  }

  /// `nil` also for a tensor whose bytes do not fit its shape: the state came from a file.
  private func tensor(_ value: StateValue) -> ty_tensor? {
    guard case .tensor(let code, let bits, let shape, let bytes) = value else { return nil }
    let type = ty_dtype(code: code, bits: bits, lanes: 1)
    guard let width = TensorCheck.width(type), shape.count <= TensorCheck.mostDimensions else { return nil }
    let layout = UnsafeMutablePointer<Int64>.allocate(capacity: max(1, 2 * shape.count))
    blocks.append(UnsafeMutableRawPointer(layout))
    let strides = layout + shape.count
    var count: Int64 = 1
    for dimension in stride(from: shape.count - 1, through: 0, by: -1) {
      layout[dimension] = shape[dimension]
      strides[dimension] = count
      let (product, overflow) = count.multipliedReportingOverflow(by: shape[dimension])
      guard shape[dimension] >= 0, !overflow else { return nil }
      count = product
    }
    let (size, overflow) = Int(count).multipliedReportingOverflow(by: width)
    guard !overflow, size == bytes.count else { return nil }
    return ty_tensor(
      data: UnsafeMutableRawPointer(mutating: keep(bytes).baseAddress),
      device: ty_device(type: TY_DEVICE_CPU, id: 0),
      ndim: Int32(shape.count), dtype: type, shape: layout, strides: strides, byte_offset: 0)
  }
}
