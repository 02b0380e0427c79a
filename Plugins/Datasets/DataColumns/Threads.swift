import Glibc
import Synchronization

/// Does so many pieces of work on several threads, this one among them, waits for all, and returns what they gave, in
/// order. Of several errors the one of the first piece is thrown. Fewer threads will do where the system gives no more.
package func onThreads<Value>(
  _ threads: Int, pieces count: Int, _ body: (Int) throws -> Value
) throws -> [Value] {
  try withoutActuallyEscaping(body) { body in
    let work = Work(count, body)
    var helpers: [pthread_t] = []
    for _ in 1..<max(1, min(threads, count)) {
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        { argument in
          if let argument { Unmanaged<AnyWork>.fromOpaque(argument).takeUnretainedValue().run() }
          return nil
        }, Unmanaged<AnyWork>.passUnretained(work).toOpaque())
      guard code == 0 else { break }
      helpers.append(thread)
    }
    work.run()
    for helper in helpers { pthread_join(helper, nil) }
    return try work.finish()
  }
}

/// As many as there are cores. More than a few find the memory busy.
package var usefulThreads: Int { min(max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))), 16) }

private class AnyWork {
  func run() {}
}

/// Threads take the next piece that nobody has taken: neighbours lie near each other in a file, too.
private final class Work<Value>: AnyWork {
  private let count: Int
  private let next = Atomic<Int>(0)
  private var body: ((Int) throws -> Value)?
  /// Each is written by the one thread that took the piece.
  private let results: UnsafeMutablePointer<Result<Value, any Error>?>

  init(_ count: Int, _ body: @escaping (Int) throws -> Value) {
    self.count = count
    self.body = body
    results = .allocate(capacity: max(count, 1))
    results.initialize(repeating: nil, count: count)
  }

  override func run() {
    guard let body else { return }
    while true {
      let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard piece < count else { return }
      results[piece] = Result { try body(piece) }
    }
  }

  func finish() throws -> [Value] {
    body = nil
    return try (0..<count).compactMap { try results[$0]?.get() }
  }

  deinit {
    results.deinitialize(count: count)
    results.deallocate()
  }
}
