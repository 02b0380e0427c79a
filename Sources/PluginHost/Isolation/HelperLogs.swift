/// In the helper: the metrics of the hook that is running. They stay where the host wrote them, and this process can
/// read them and nothing else, until a callback publishes one: those after it are shown a copy.
final class HelperLogs {
  private(set) var values: UnsafeMutablePointer<Double>?
  private(set) var present: UnsafeMutablePointer<UInt64>?
  private(set) var count = 0
  private var copy: UnsafeMutableRawBufferPointer?
  private var isCopied = false

  deinit { copy?.deallocate() }

  /// A hook begins.
  func show(_ area: SharedArea?, count: Int) throws(WireFault) {
    guard let area, EventPage.size(of: count) <= area.size else { throw WireFault("no memory for events") }
    self.count = count
    isCopied = false
    point(area.base)
  }

  /// As the host does it when it applies the effects of a call: an id beyond the frozen set was declared too late.
  func publish(_ published: [(id: UInt32, value: Double)]) {
    for (id, value) in published where Int(id) < count {
      copyOnce()
      values?[Int(id)] = value
      present?[Int(id) >> 6] |= 1 << UInt64(id & 63)
    }
  }

  private func copyOnce() {
    guard !isCopied, let shared = values else { return }
    let size = EventPage.size(of: count)
    if copy?.count ?? 0 < size {
      copy?.deallocate()
      copy = .allocate(byteCount: size, alignment: 64)
    }
    guard let base = copy?.baseAddress else { return }
    base.copyMemory(from: shared, byteCount: size)
    isCopied = true
    point(base)
  }

  private func point(_ base: UnsafeMutableRawPointer) {
    values = base.assumingMemoryBound(to: Double.self)
    present = (base + EventPage.presentOffset(of: count)).assumingMemoryBound(to: UInt64.self)
  }
}
