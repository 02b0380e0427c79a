import Glibc
import Synchronization

/// Work on a thread of its own, whose result is taken when it is there.
final class BackgroundJob<Value: Sendable> {
  private let work: Work<Value>
  /// `nil`: there was no thread to be had, and the work was done by whoever asked for it.
  private let thread: pthread_t?

  init(_ body: @escaping @Sendable () throws -> Value) {
    let work = Work(body)
    self.work = work
    thread = Self.start(work)
    if thread == nil { work.run() }
  }

  private static func start(_ work: AnyWork) -> pthread_t? {
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(work)
    let code = pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<AnyWork>.fromOpaque(argument).takeRetainedValue().run() }
        return nil
      }, argument.toOpaque())
    if code == 0 { return thread }
    argument.release()
    return nil
  }

  var isDone: Bool { work.isDone.load(ordering: .acquiring) }

  /// Waits for the end. To be called once.
  func finish() throws -> Value {
    if let thread { pthread_join(thread, nil) }
    guard let result = work.result.withLock({ $0 }) else { throw FileError("run", "a thread", code: EAGAIN) }
    return try result.get()
  }
}

private class AnyWork {
  func run() {}
}

/// Shared with the thread: what it does not change, and a result that one lock keeps.
private final class Work<Value: Sendable>: AnyWork {
  let body: @Sendable () throws -> Value
  let result = Mutex<Result<Value, any Error>?>(nil)
  let isDone = Atomic<Bool>(false)

  init(_ body: @escaping @Sendable () throws -> Value) { self.body = body }

  override func run() {
    let made = Result { try body() }
    result.withLock { $0 = made }
    isDone.store(true, ordering: .releasing)
  }
}
