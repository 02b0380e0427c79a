import Glibc

/// Runs a body on a thread of its own and waits for it. Every call on the instances of a worker is made by one
/// thread, from create to destroy; and a hook may need more stack than a program's secondary threads have.
enum RunThread {
  private static let stackSize = 8 << 20

  /// Runs the body on so many threads at once, told which it is, and waits for all. Fewer threads will do where the
  /// system gives no more. The error of the first of those that failed is thrown.
  static func perform(threads: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    var started: [(thread: pthread_t, job: Job<Void>)] = []
    var fault: (any Error)?
    for index in 0..<max(1, threads) {
      let job = Job<Void> { try body(index) }
      do { started.append((try start(job), job)) } catch {
        fault = error
        break
      }
    }
    for (thread, _) in started { pthread_join(thread, nil) }
    for (_, job) in started { try job.finish() }
    if let fault, started.isEmpty { throw fault }
  }

  static func perform<T>(_ body: () throws -> T) throws -> T {
    try withoutActuallyEscaping(body) { body in
      let job = Job(body)
      pthread_join(try start(job), nil)
      return try job.finish()
    }
  }

  /// The job must live until its thread has been joined.
  private static func start(_ job: AnyJob) throws -> pthread_t {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, stackSize)
    defer { pthread_attr_destroy(&attributes) }
    var thread = pthread_t()
    let code = pthread_create(
      &thread, &attributes,
      { argument in
        if let argument { Unmanaged<AnyJob>.fromOpaque(argument).takeUnretainedValue().run() }
        return nil
      }, Unmanaged<AnyJob>.passUnretained(job).toOpaque())
    guard code == 0 else { throw FileError("start a thread for", "the run", code: code) }
    return thread
  }

  private class AnyJob {
    func run() {}
  }

  private final class Job<T>: AnyJob {
    private var body: (() throws -> T)?
    private var result: Result<T, any Error>?

    init(_ body: @escaping () throws -> T) { self.body = body }

    override func run() {
      if let body { result = Result { try body() } }
      body = nil
    }

    func finish() throws -> T {
      guard let result else { throw FileError("run", "the thread of the run", code: EAGAIN) }
      return try result.get()
    }
  }
}
