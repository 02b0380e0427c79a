import Glibc

/// A body that runs beside its caller, who waits for its end at last.
struct BackgroundThread {
  private let thread: pthread_t

  private final class Job: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// `nil` where no thread is to be had: then the body has run already.
  init?(_ body: @escaping @Sendable () -> Void) {
    let job = Unmanaged.passRetained(Job(body))
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, job.toOpaque())
    guard code == 0 else {
      job.takeRetainedValue().body()
      return nil
    }
    self.thread = thread
  }

  /// Waits for the body's end. Once.
  func join() { pthread_join(thread, nil) }
}
