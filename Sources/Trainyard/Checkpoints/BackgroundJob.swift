import Glibc
import Synchronization

/// Work on a thread of its own, whose result is taken when it is there.
final class BackgroundJob<Value: Sendable>: Sendable {
  private let work: Work
  private let thread: Thread

  /// Shared with the thread.
  private final class Work: Sendable {
    let body: @Sendable () throws -> Value
    let result = Mutex<Result<Value, any Error>?>(nil)
    let isDone = Atomic<Bool>(false)

    init(_ body: @escaping @Sendable () throws -> Value) { self.body = body }

    func run() {
      let made = Result { try body() }
      result.withLock { $0 = made }
      isDone.store(true, ordering: .releasing)
    }
  }

  private enum Thread: @unchecked Sendable {
    case started(pthread_t)
    /// There was none to be had: the work was done by whoever asked for it.
    case none
  }

  init(_ body: @escaping @Sendable () throws -> Value) {
    let work = Work(body)
    self.work = work
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(Entry { work.run() })
    let code = pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Entry>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, argument.toOpaque())
    if code == 0 {
      self.thread = .started(thread)
    } else {
      argument.release()
      self.thread = .none
      work.run()
    }
  }

  var isDone: Bool { work.isDone.load(ordering: .acquiring) }

  /// Waits for the end. To be called once.
  func finish() throws -> Value {
    if case .started(let thread) = thread { pthread_join(thread, nil) }
    guard let result = work.result.withLock({ $0 }) else { throw FileError("run", "a thread", code: EAGAIN) }
    return try result.get()
  }

  private final class Entry {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }
}
