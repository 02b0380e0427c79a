import Glibc

/// Runs a body on a thread of its own and waits for it. Every call on the instances of a worker is made by one
/// thread, from create to destroy; and a hook may need more stack than a program's secondary threads have.
enum RunThread {
  private static let stackSize = 8 << 20

  static func perform<T>(_ body: () throws -> T) throws -> T {
    try withoutActuallyEscaping(body) { body in
      let job = Job(body)
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
      pthread_join(thread, nil)
      return try job.finish()
    }
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
