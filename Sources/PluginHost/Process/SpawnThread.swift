import Glibc
import Synchronization

/// The one thread that starts processes. The kernel ends a child with the thread that started it, and this thread ends
/// with the program, whatever becomes of the one that asks.
enum SpawnThread {
  private final class Work: @unchecked Sendable {
    let body: () -> Void
    var isDone = false
    init(_ body: @escaping () -> Void) { self.body = body }
  }

  /// Waits for both ends of the handover; everything in it is under the lock.
  private final class Desk: @unchecked Sendable {
    let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    let change = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    var waiting: [Work] = []
    let hasThread: Bool

    init() {
      lock.initialize(to: pthread_mutex_t())
      change.initialize(to: pthread_cond_t())
      pthread_mutex_init(lock, nil)
      pthread_cond_init(change, nil)
      var attributes = pthread_attr_t()
      pthread_attr_init(&attributes)
      pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
      defer { pthread_attr_destroy(&attributes) }
      var thread = pthread_t()
      hasThread = pthread_create(&thread, &attributes, { _ in SpawnThread.serve() }, nil) == 0
    }
  }

  private static let desk = Desk()

  /// Runs `body` there and waits; where there can be no such thread, here.
  static func perform(_ body: () -> Void) {
    withoutActuallyEscaping(body) { body in
      let desk = Self.desk
      guard desk.hasThread else { return body() }
      let work = Work(body)
      pthread_mutex_lock(desk.lock)
      desk.waiting.append(work)
      pthread_cond_broadcast(desk.change)
      while !work.isDone { pthread_cond_wait(desk.change, desk.lock) }
      pthread_mutex_unlock(desk.lock)
    }
  }

  private static func serve() -> UnsafeMutableRawPointer? {
    let desk = Self.desk
    pthread_mutex_lock(desk.lock)
    while true {
      while desk.waiting.isEmpty { pthread_cond_wait(desk.change, desk.lock) }
      let work = desk.waiting.removeFirst()
      pthread_mutex_unlock(desk.lock)
      work.body()
      pthread_mutex_lock(desk.lock)
      work.isDone = true
      pthread_cond_broadcast(desk.change)
    }
  }
}
