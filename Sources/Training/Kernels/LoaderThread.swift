import Glibc
import Synchronization

/// One thread that fills the slots of a ring ahead of the thread that takes them.
///
/// Slots are handed over a portion at a time, so that a lock is taken once for several: the taker gives back
/// what it is done with when a portion of it has come together, and the filler tells of a portion when it is
/// full. Both sleep on condition variables; nobody spins. The slot taken last stays the taker's until the
/// next call.
final class LoaderThread {
  private let ring: LoaderRing
  private var thread = pthread_t()

  // The taker's own view of the ring: items in order of the epoch.
  private var taken = 0
  private var available = 0
  private var returned = 0

  /// - Parameter fill: puts an item into a slot; on the thread, one call at a time, only between `begin` and
  ///   the last item or `cancel`.
  init(slots: Int, portion: Int, fill: @escaping @Sendable (_ slot: Int, _ item: Int) throws -> Void) throws {
    ring = LoaderRing(slots: slots, portion: portion, fill: fill)
    let held = Unmanaged.passRetained(ring)
    let status = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        LoaderThread.takeName()
        Unmanaged<LoaderRing>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, held.toOpaque())
    if status != 0 {
      held.release()
      ring.isQuitting = true
      throw DataError(
        .noThread, "cannot start a loader thread: \(String(cString: strerror(status)))",
        help: "raise the limit of threads, or load batches inline")
    }
  }

  /// By its name a crash of this thread is told from one of a thread that a plugin has started.
  private static func takeName() {
    let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    let name: StaticString = "data-loader"
    _ = write(file, name.utf8Start, name.utf8CodeUnitCount)
    close(file)
  }

  deinit {
    guard !ring.isQuitting else { return }
    ring.locked {
      ring.isCancelled.store(true, ordering: .relaxed)
      ring.isQuitting = true
      pthread_cond_signal(ring.forFiller)
    }
    pthread_join(thread, nil)
  }

  /// Starts filling. The thread must be at rest: new, cancelled, or done with the last items.
  func begin(_ items: Range<Int>) {
    cancel()
    (taken, available, returned) = (items.lowerBound, items.lowerBound, items.lowerBound)
    ring.locked {
      ring.start(items)
      pthread_cond_signal(ring.forFiller)
    }
  }

  /// The slot that holds the next item. Everything taken before is given back.
  /// - Throws: what `fill` threw for this item.
  func next() throws -> Int {
    if taken == available || taken - returned >= ring.portion { try exchange() }
    defer { taken += 1 }
    return taken % ring.slots
  }

  /// Stops filling; when it returns, `fill` is not running.
  func cancel() {
    ring.locked {
      ring.isCancelled.store(true, ordering: .relaxed)
      while ring.isFilling {
        pthread_cond_signal(ring.forFiller)
        ring.takerWaits = true
        pthread_cond_wait(ring.forTaker, ring.mutex)
      }
      ring.takerWaits = false
      ring.error = nil
    }
  }

  private func exchange() throws {
    returned = taken
    let error: (any Error)? = ring.locked {
      ring.returned = taken
      if ring.fillerWaits { pthread_cond_signal(ring.forFiller) }
      while ring.filled == taken && ring.isFilling {
        ring.takerWaits = true
        pthread_cond_wait(ring.forTaker, ring.mutex)
      }
      ring.takerWaits = false
      available = ring.filled
      return available == taken ? ring.error : nil
    }
    if let error { throw error }
    if available == taken {
      throw DataError(.inconsistent, "a batch was asked for past the end of the epoch", help: "")
    }
  }
}
