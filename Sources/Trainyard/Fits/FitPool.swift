import Glibc
import Training

/// Workers side by side, each on a thread of its own with instances of its own, that take jobs from one source.
///
/// What a fit gives depends on its request alone: not on the number of workers, nor on what its worker did before.
struct FitPool {
  /// Workers at most.
  var workers: Int
  /// Threads that each fit computes with. A BLAS has one setting for the whole process, so that it is the same for all
  /// fits of a pool, whatever their plans say.
  var threads: Int
  /// New instances for each fit. The results are the same; it is slower.
  var isFresh = false
  /// Where the lines of a job go. Called on the job's thread; what it gives is used on that thread alone.
  var console: @Sendable (FitJob) -> any Console = { _ in SilentConsole() }

  init(workers: Int? = nil, threads: Int = 1, isFresh: Bool = false) {
    self.threads = max(1, threads)
    self.workers = max(1, workers ?? Self.defaultWorkers(threads: threads))
    self.isFresh = isFresh
  }

  /// As many as the cores can carry, when each uses so many threads.
  static func defaultWorkers(threads: Int) -> Int { max(1, processorCount / max(1, threads)) }

  static var processorCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  /// Runs until the source has no more jobs, or an interruption is requested: then none is begun any more, and those
  /// that run end as interrupted. Fits that fail are results like others; only an error of `prepare` is thrown.
  func run(_ source: any FitSource, interruption: Interruption = Interruption()) throws {
    let gate = Guarded<Gate>(.closed)
    try RunThread.perform(threads: workers) { index in
      var worker = Worker()
      if index == 0 {
        do { try source.prepare(worker) } catch {
          gate.withLock { $0 = .failed }
          throw error
        }
        gate.withLock { $0 = .open }
      }
      guard gate.wait({ $0 == .closed ? nil : $0 }) == .open else { return }
      while !interruption.isRequested, var job = source.next() {
        if isFresh { worker = Worker() }
        job.request.plan.training.threads = threads
        let result = Result {
          try worker.fit(job.request, console: console(job), interruption: interruption)
        }
        source.finished(job, result)
      }
    }
  }

  private enum Gate: Sendable { case closed, open, failed }
}
