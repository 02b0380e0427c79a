/// Where what a plugin is shown lies: events, metrics, texts, weights. All of it is borrowed until the call returns; a
/// rule that wants to catch a plugin keeping a pointer gives memory that goes away then.
public protocol EventMemory: AnyObject {
  /// Memory for the call that is about to be made.
  func allocate(byteCount: Int, alignment: Int) -> UnsafeMutableRawPointer
  /// The call is about to be made: nothing is written any more.
  func callBegins()
  /// The call has returned: what was allocated for it may go.
  func callEnded()
}

/// Memory of the heap, given back after each call.
public final class HeapMemory: EventMemory {
  private var blocks: [UnsafeMutableRawPointer] = []

  public init() {}

  deinit { callEnded() }

  public func allocate(byteCount: Int, alignment: Int) -> UnsafeMutableRawPointer {
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
