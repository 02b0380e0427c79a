import CTrainyard
import FileKernels

/// Collects what a plugin saves. The first mistake makes the save fail.
final class StateSink {
  private(set) var state: SavedState = [:]
  private(set) var fault: String?

  /// Runs `save` with a `ty_sink` that leads here.
  func collect(_ save: (UnsafePointer<ty_sink>) -> ty_status) -> ty_status {
    var sink = ty_sink()
    sink.struct_size = UInt32(MemoryLayout<ty_sink>.size)
    sink.context = Unmanaged.passUnretained(self).toOpaque()
    sink.put_int = { sink, key, value in StateSink.put(sink, key) { .int(value) } }
    sink.put_float = { sink, key, value in StateSink.put(sink, key) { .float(value) } }
    sink.put_bytes = { sink, key, bytes, size in
      StateSink.put(sink, key) {
        guard let count = Int(exactly: size), count < 1 << 48, bytes != nil || count == 0 else {
          throw TensorCheck.Fault(words: "has \(bytes == nil ? "NULL for " : "")\(size) bytes")
        }
        return .bytes(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
      }
    }
    sink.put_tensor = { sink, key, tensor in StateSink.put(sink, key) { try StateSink.copy(tensor) } }
    return withExtendedLifetime(self) { save(&sink) }
  }

  private static func put(
    _ sink: UnsafePointer<ty_sink>?, _ key: UnsafePointer<CChar>?, _ value: () throws -> StateValue
  ) {
    guard let context = sink?.pointee.context else { return }
    Unmanaged<StateSink>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.put(key, value) }
  }

  private func put(_ key: UnsafePointer<CChar>?, _ value: () throws -> StateValue) {
    guard fault == nil else { return }
    let name: String
    do {
      name = try Foreign.text(key, limit: 4096)
    } catch {
      fault = "a key of the saved state is \(error.words)"
      return
    }
    do {
      if state.updateValue(try value(), forKey: name) != nil { fault = "the key '\(name)' is saved twice" }
    } catch {
      fault = "what is saved as '\(name)' \((error as? TensorCheck.Fault)?.words ?? "\(error)")"
    }
  }

  private static func copy(_ pointer: UnsafePointer<ty_tensor>?) throws -> StateValue {
    guard let pointer else { throw TensorCheck.Fault(words: "is a NULL tensor") }
    let tensor = UnsafeRawPointer(pointer).loadUnaligned(as: ty_tensor.self)
    let size = try TensorCheck.size(tensor).get()
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { memory, count in
      count = size
      // A copy of nothing has no address.
      if let base = memory.baseAddress { file_copy(base, TensorCheck.start(tensor), size) }
    }
    return .tensor(
      dtypeCode: tensor.dtype.code, dtypeBits: tensor.dtype.bits, shape: TensorCheck.shape(tensor),
      bytes: bytes)
  }
}
