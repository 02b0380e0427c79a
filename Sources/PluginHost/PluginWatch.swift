/// A host that watches how an instance uses what it is lent. `check` has one; in a run there is none.
package protocol PluginWatch: AnyObject {
  /// Memory for `name`, such as "the host table".
  func lend(_ size: Int, alignment: Int, _ name: String, until end: LoanEnd) -> UnsafeMutableRawPointer
  /// What was lent is filled: from here on the plugin only reads it.
  func seal(_ memory: UnsafeMutableRawPointer)
  /// The instance has no right to it any longer.
  func takeBack(_ memory: UnsafeMutableRawPointer)
  /// The instance calls its host, and what happens until the call returns is the host's doing.
  func hostBegins()
  func hostEnds()
}

/// How long an instance may use what it is lent.
package enum LoanEnd {
  case callReturns, instanceIsDestroyed
}

/// A host whose instances are watched.
package protocol WatchedServices: HostServices {
  var watch: (any PluginWatch)? { get }
}

/// Where what is lent to an instance lies: on the heap, or where a watch wants it.
struct LentMemory {
  let watch: (any PluginWatch)?

  func lend(
    _ size: Int, alignment: Int, _ name: String, until end: LoanEnd = .callReturns
  ) -> UnsafeMutableRawPointer {
    watch?.lend(size, alignment: alignment, name, until: end)
      ?? UnsafeMutableRawPointer.allocate(byteCount: max(1, size), alignment: alignment)
  }

  func seal(_ memory: UnsafeMutableRawPointer) { watch?.seal(memory) }

  func takeBack(_ memory: UnsafeMutableRawPointer) {
    if let watch { watch.takeBack(memory) } else { memory.deallocate() }
  }

  /// A NUL-terminated copy.
  func text(
    _ text: String, _ name: String, until end: LoanEnd = .callReturns
  ) -> UnsafeMutablePointer<CChar> {
    let memory = lend(text.utf8.count + 1, alignment: 1, name, until: end)
    let bytes = UnsafeMutableRawBufferPointer(start: memory, count: text.utf8.count + 1)
    bytes.copyBytes(from: text.utf8)
    bytes[text.utf8.count] = 0
    seal(memory)
    return memory.assumingMemoryBound(to: CChar.self)
  }
}
