/// Where what a plugin is shown lies: events, metrics, texts, weights. All of it is borrowed until the call returns; a
/// rule that wants to catch a plugin keeping a pointer gives memory that goes away then.
public protocol EventMemory: AnyObject {
  /// Memory for the call that is about to be made.
  /// - Parameters:
  ///   - name: What a report calls it, such as "the event".
  ///   - isWritable: The plugin may write there: an answer is expected.
  func allocate(byteCount: Int, alignment: Int, name: String, isWritable: Bool) -> UnsafeMutableRawPointer
  /// The call is about to be made: nothing is written any more.
  func callBegins()
  /// The call has returned: what was allocated for it may go.
  func callEnded()
}

extension EventMemory {
  func allocate(byteCount: Int, alignment: Int, name: String) -> UnsafeMutableRawPointer {
    allocate(byteCount: byteCount, alignment: alignment, name: name, isWritable: false)
  }
}

/// Memory of the heap, given back after each call.
public final class HeapMemory: EventMemory {
  private var blocks: [UnsafeMutableRawPointer] = []

  public init() {}

  deinit { callEnded() }

  public func allocate(
    byteCount: Int, alignment: Int, name: String, isWritable: Bool
  ) -> UnsafeMutableRawPointer {
    let block = UnsafeMutableRawPointer.allocate(byteCount: max(1, byteCount), alignment: max(16, alignment))
    blocks.append(block)
    return block
  }

  public func callBegins() {}

  public func callEnded() {
    for block in blocks { block.deallocate() }
    blocks.removeAll(keepingCapacity: true)
  }
}
