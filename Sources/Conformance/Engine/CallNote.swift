import Glibc

/// Memory that two processes share, in which one writes what it is about to call. When it dies, the other reads there
/// where that was.
public final class CallNote {
  static let size = 4096
  // Layout: epoch, batch, whether a call is running; then two texts.
  private static let name = (offset: 24, size: 72)
  private static let text = (offset: 96, size: size - 96)

  private let memory: UnsafeMutableRawPointer

  /// Maps a file of at least `size` bytes.
  public init?(descriptor: Int32) {
    let mapped = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let mapped, mapped != MAP_FAILED else { return nil }
    memory = mapped
  }

  deinit { munmap(memory, Self.size) }

  func enter(_ call: String, epoch: Int, batch: Int) {
    memory.storeBytes(of: Int64(epoch), as: Int64.self)
    memory.storeBytes(of: Int64(batch), toByteOffset: 8, as: Int64.self)
    write(call, Self.name)
    memory.storeBytes(of: 1, toByteOffset: 16, as: Int64.self)
  }

  func leave() { memory.storeBytes(of: 0, toByteOffset: 16, as: Int64.self) }

  func scene(_ text: String) { write(text, Self.text) }

  /// The call that is running, or was when the process died: "on_epoch_end, epoch 3". `nil`: none.
  var runningCall: String? {
    guard memory.load(fromByteOffset: 16, as: Int64.self) != 0 else { return nil }
    let epoch = Int(memory.load(as: Int64.self))
    let batch = Int(memory.load(fromByteOffset: 8, as: Int64.self))
    return CallSite(read(Self.name), epoch: epoch, batch: batch).description
  }

  /// What was being tried. Empty: nothing was noted.
  var scene: String { read(Self.text) }

  private func write(_ text: String, _ place: (offset: Int, size: Int)) {
    var text = text
    text.withUTF8 { bytes in
      let count = min(bytes.count, place.size - 1)
      if let start = bytes.baseAddress { (memory + place.offset).copyMemory(from: start, byteCount: count) }
      memory.storeBytes(of: 0, toByteOffset: place.offset + count, as: UInt8.self)
    }
  }

  private func read(_ place: (offset: Int, size: Int)) -> String {
    let bytes = UnsafeRawBufferPointer(start: memory + place.offset, count: place.size)
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
