import Glibc
import Synchronization

/// The ring of slots as both threads see it, and what the loader's thread does. Under `mutex`, except what
/// never changes.
final class LoaderRing: @unchecked Sendable {
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
    // Told late: at a whole portion, when there is no room for more, and at the end. The first is told of at
    // once, for nothing can be done before it.
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
