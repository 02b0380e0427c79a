import Glibc
import Synchronization

/// One thread that fills the slots of a ring ahead of the thread that takes them.
///
/// Slots are handed over a portion at a time, so that a lock is taken once for several: the taker gives back what it is
/// done with when a portion of it has come together, and the filler tells of a portion when it is full. Both
/// sleep on condition variables; nobody spins. The slot taken last stays the taker's until the next call.
final class LoaderThread {
  private let core: Core
  private var thread = pthread_t()

  // The taker's own view of the ring: items in order of the epoch.
  private var taken = 0
  private var available = 0
  private var returned = 0

  /// - Parameter fill: puts an item into a slot; on the thread, one call at a time, only between `begin` and
  ///   the last item or `cancel`.
  init(slots: Int, portion: Int, fill: @escaping @Sendable (_ slot: Int, _ item: Int) throws -> Void) throws {
    core = Core(slots: slots, portion: portion, fill: fill)
    let held = Unmanaged.passRetained(core)
    let status = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Core>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, held.toOpaque())
    if status != 0 {
      held.release()
      core.isQuitting = true
      throw DataError(
        .noThread, "cannot start a loader thread: \(String(cString: strerror(status)))",
        help: "raise the limit of threads, or load batches inline")
    }
  }

  deinit {
    guard !core.isQuitting else { return }
    core.locked {
      core.isCancelled.store(true, ordering: .relaxed)
      core.isQuitting = true
      pthread_cond_signal(core.forFiller)
    }
    pthread_join(thread, nil)
  }

  /// Starts filling. The thread must be at rest: new, cancelled, or done with the last items.
  func begin(_ items: Range<Int>) {
    cancel()
    (taken, available, returned) = (items.lowerBound, items.lowerBound, items.lowerBound)
    core.locked {
      core.start(items)
      pthread_cond_signal(core.forFiller)
    }
  }

  /// The slot that holds the next item. Everything taken before is given back.
  /// - Throws: what `fill` threw for this item.
  func next() throws -> Int {
    if taken == available || taken - returned >= core.portion { try exchange() }
    defer { taken += 1 }
    return taken % core.slots
  }

  /// Stops filling; when it returns, `fill` is not running.
  func cancel() {
    core.locked {
      core.isCancelled.store(true, ordering: .relaxed)
      while core.isFilling {
        pthread_cond_signal(core.forFiller)
        core.takerWaits = true
        pthread_cond_wait(core.forTaker, core.mutex)
      }
      core.takerWaits = false
      core.error = nil
    }
  }

  private func exchange() throws {
    returned = taken
    let error: (any Error)? = core.locked {
      core.returned = taken
      if core.fillerWaits { pthread_cond_signal(core.forFiller) }
      while core.filled == taken && core.isFilling {
        core.takerWaits = true
        pthread_cond_wait(core.forTaker, core.mutex)
      }
      core.takerWaits = false
      available = core.filled
      return available == taken ? core.error : nil
    }
    if let error { throw error }
    if available == taken {
      throw DataError(.inconsistent, "a batch was asked for past the end of the epoch", help: "")
    }
  }
}

/// What both threads see: under `mutex`, except what never changes.
private final class Core: @unchecked Sendable {
  let slots: Int
  let portion: Int
  let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  let forFiller = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  let forTaker = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  /// Items filled and told of; items given back.
  var filled = 0
  var returned = 0
  var error: (any Error)?
  /// An epoch is under way on the filler's side.
  var isFilling = false
  var isQuitting = false
  var fillerWaits = false
  var takerWaits = false
  /// Set under `mutex`, but looked at without it between two items.
  let isCancelled = Atomic(false)

  private let fill: @Sendable (Int, Int) throws -> Void
  private var items = 0..<0

  init(slots: Int, portion: Int, fill: @escaping @Sendable (Int, Int) throws -> Void) {
    self.slots = slots
    self.portion = portion
    self.fill = fill
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(forFiller, nil)
    pthread_cond_init(forTaker, nil)
  }

  deinit {
    pthread_cond_destroy(forTaker)
    pthread_cond_destroy(forFiller)
    pthread_mutex_destroy(mutex)
    forTaker.deallocate()
    forFiller.deallocate()
    mutex.deallocate()
  }

  func locked<T>(_ body: () throws -> T) rethrows -> T {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body()
  }

  func start(_ items: Range<Int>) {
    self.items = items
    (filled, returned) = (items.lowerBound, items.lowerBound)
    error = nil
    isCancelled.store(false, ordering: .relaxed)
    isFilling = !items.isEmpty
  }

  /// The thread.
  func run() {
    // Signals are for the threads that know what to do about them.
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)

    while let items = nextEpoch() { fillAll(items) }
  }

  private func nextEpoch() -> Range<Int>? {
    locked {
      while !isFilling && !isQuitting { waitForTaker() }
      return isQuitting ? nil : items
    }
  }

  private func fillAll(_ items: Range<Int>) {
    // Told late: at a whole portion, when there is no room for more, and at the end. The first is told of at once,
    // for nothing can be done before it.
    var done = items.lowerBound
    var room = items.lowerBound
    var failure: (any Error)?
    while done < items.upperBound, failure == nil, !isCancelled.load(ordering: .relaxed) {
      if done == room {
        guard let more = roomAfter(telling: done) else { break }
        room = more
      }
      do { try fill(done % slots, done) } catch { failure = error }
      if failure == nil {
        done += 1
        if done == items.lowerBound + 1 || (done - items.lowerBound) % portion == 0 { tell(done) }
      }
    }
    locked {
      filled = done
      error = failure
      isFilling = false
      if takerWaits { pthread_cond_signal(forTaker) }
    }
  }

  /// Waits until there is a free slot; the first item that has none. `nil`: cancelled.
  private func roomAfter(telling done: Int) -> Int? {
    locked {
      filled = done
      if takerWaits { pthread_cond_signal(forTaker) }
      while !isCancelled.load(ordering: .relaxed) && done == returned + slots { waitForTaker() }
      return isCancelled.load(ordering: .relaxed) ? nil : returned + slots
    }
  }

  private func tell(_ done: Int) {
    locked {
      filled = done
      if takerWaits { pthread_cond_signal(forTaker) }
    }
  }

  private func waitForTaker() {
    fillerWaits = true
    pthread_cond_wait(forFiller, mutex)
    fillerWaits = false
  }
}
