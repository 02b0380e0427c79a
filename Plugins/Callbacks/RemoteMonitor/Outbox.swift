import Glibc

/// What waits to be sent, between the thread that trains and the one that sends. Never makes the former wait, except
/// in `waitUntilDone`.
final class Outbox: @unchecked Sendable {
  /// What became of the bodies.
  struct Counts {
    var put = 0
    var delivered = 0
  }

  private let capacity: Int
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  /// Signalled at every change.
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  // All below only with the mutex.
  private var queue: [String] = []
  private var isClosed = false
  private var isCancelledValue = false
  private var isDone = false
  private var countsValue = Counts()
  private var firstFailureValue: String?

  init(capacity: Int) {
    self.capacity = capacity
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(changed, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  private func locked<Result>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer {
      pthread_cond_broadcast(changed)
      pthread_mutex_unlock(mutex)
    }
    return body()
  }

  // MARK: For the thread that trains

  /// Drops the body where there is no room.
  func put(_ body: String) {
    locked {
      countsValue.put += 1
      if queue.count < capacity { queue.append(body) }
    }
  }

  /// Nothing more will be put.
  func close() { locked { isClosed = true } }

  /// Waits until everything that was put has been tried, but not longer than `seconds`.
  func waitUntilDone(_ seconds: Double) {
    var deadline = timespec()
    clock_gettime(CLOCK_MONOTONIC, &deadline)
    let nanoseconds = Int(min(seconds, 1e6) * 1e9) + deadline.tv_nsec
    deadline.tv_sec += nanoseconds / 1_000_000_000
    deadline.tv_nsec = nanoseconds % 1_000_000_000
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while !isDone, pthread_cond_timedwait(changed, mutex, &deadline) == 0 {}
  }

  /// Drops what is left, and ends the transfer that is running.
  func cancel() {
    locked {
      isClosed = true
      isCancelledValue = true
      queue = []
    }
  }

  var counts: Counts { locked { countsValue } }
  /// Why something was not delivered for the first time.
  var firstFailure: String? { locked { firstFailureValue } }

  // MARK: For the thread that sends

  /// The next body, as soon as there is one; `nil`: there will be none.
  func next() -> String? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while queue.isEmpty, !isClosed { pthread_cond_wait(changed, mutex) }
    return queue.isEmpty ? nil : queue.removeFirst()
  }

  var isCancelled: Bool { locked { isCancelledValue } }

  /// What became of the body that `next` gave last.
  func report(failure: String?) {
    locked {
      if let failure {
        if firstFailureValue == nil, !isCancelledValue { firstFailureValue = failure }
      } else {
        countsValue.delivered += 1
      }
    }
  }

  func finish() { locked { isDone = true } }
}
