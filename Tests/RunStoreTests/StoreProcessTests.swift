import Glibc
import RunStore
import Support
import Testing

@testable import RunStore

/// Several processes with one store, and processes that die.
@Suite struct StoreProcessTests {
  let processes: StoreProcesses
  var path: String { processes.path }

  init() throws { processes = try StoreProcesses() }

  private func study() throws -> Study {
    try RunStore(path: path).openStudy(
      name: "s", kind: .search, configDigest: "d", config: "{}", objective: "loss", direction: .min)
  }

  @Test func `processes that make one store and work on it do every trial once`() throws {
    let count = 60
    let workers = try (0..<4).map { _ in try processes.start("work", "\(count)") }
    let results = try workers.map { try $0.wait() }
    for result in results { #expect(result.status == 0, "\(result)") }
    let done = results.flatMap { $0.output.split(separator: "\n").compactMap { Int($0) } }
    #expect(done.sorted() == Array(0..<count))
    let study = try study()
    #expect(try study.trials().map(\.attempt) == [Int](repeating: 1, count: count))
    // One process alone gives the same store.
    let alone = try StoreProcesses()
    #expect(try alone.start("work", "\(count)").wait().status == 0)
    #expect(try study.store.canonicalDump() == RunStore(path: alone.path).canonicalDump())
  }

  @Test func `workers that are killed at any moment lose no trial and do none twice`() throws {
    let count = 400
    for _ in 0..<6 {
      let worker = try processes.start("work", "\(count)")
      // Whatever it is doing then.
      if try worker.poll(seconds: 0.03) == nil { try processes.end(worker) }
    }
    #expect(try processes.start("work", "\(count)").wait().status == 0)
    let alone = try StoreProcesses()
    #expect(try alone.start("work", "\(count)").wait().status == 0)
    #expect(try RunStore(path: path).canonicalDump() == RunStore(path: alone.path).canonicalDump())
  }

  @Test func `a dead owner's trial is lost, and is claimed again without what was left of it`() throws {
    let owner = try processes.startAndWait("hold")
    let study = try study()
    #expect(try study.trial(0)?.isLost == false)
    #expect(try study.claimNext(below: 1) == nil)
    try processes.end(owner)
    let lost = try #require(try study.trial(0))
    #expect(lost.isLost && lost.state == .running)
    #expect(try study.fits(of: lost).count == 1)
    let trial = try #require(try study.claimNext(below: 1))
    #expect(trial.attempt == 2 && !trial.isLost)
    #expect(try study.fits(of: trial) == [])
    #expect(try study.metricNames() == [])
  }

  @Test func `a process that was killed and not waited for is dead`() throws {
    let owner = try processes.startAndWait("hold")
    let study = try study()
    let identity = try #require(try study.trial(0)?.owner)
    #expect(identity.isAlive)
    owner.signal(9)
    // It stays a zombie until somebody waits.
    while try !readText("/proc/\(identity.pid)/stat").contains(") Z ") { usleep(1000) }
    #expect(!identity.isAlive)
    try processes.end(owner)
  }

  @Test func `a process with the id of a dead one is not taken for it`() throws {
    let store = try RunStore(path: path)
    let own = store.identity
    #expect(own.isAlive)
    for change: (inout ProcessIdentity) -> Void in [
      { $0.started += 1 }, { $0.boot = "another" }, { $0.session += 1 }, { $0.pid = 0x7fff_fff0 },
    ] {
      var other = own
      change(&other)
      #expect(!other.isAlive)
    }
  }

  @Test func `a store object that is gone owns nothing`() throws {
    func claim() throws -> TrialRecord? { try study().claimNext(below: 1) }
    let first = try #require(try claim())
    #expect(first.isLost)
    #expect(try claim()?.attempt == 2)
  }

  @Test
  func `a process that is killed in the middle of a transaction leaves nothing of it and locks nothing`()
    throws
  {
    let writer = try processes.startAndWait("transact")
    // It has the lock: another writer has to wait, and readers do not.
    let other = try RunStore(path: path, .existing, schema: .current, busyTimeout: 50)
    let error = #expect(throws: StoreError.self) { _ = try other.removeStudy(named: "none") }
    #expect(error?.code == .locked)
    #expect(error?.description == "cannot use the store '\(path)': another process keeps it locked")
    #expect(try other.studies().count == 1)
    try processes.end(writer)
    let study = try study()
    #expect(try study.trials() == [])
    #expect(try study.claimNext(below: 1)?.number == 0)
  }

  @Test func `threads share a store`() throws {
    let store = try RunStore(path: path)
    let study = try store.openStudy(name: "s", kind: .search, configDigest: "d", config: "{}")
    final class Job: Sendable {
      let study: Study
      init(_ study: Study) { self.study = study }
    }
    var threads: [pthread_t] = []
    for _ in 0..<4 {
      var thread = pthread_t()
      let job = Unmanaged.passRetained(Job(study)).toOpaque()
      let code = pthread_create(
        &thread, nil,
        { argument in
          guard let argument else { return nil }
          let study = Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().study
          while let trial = try? study.claimNext(below: 50) {
            try? study.finish(
              trial, .finished, value: Double(trial.number),
              fits: [(FitRecord(outcome: "finished"), [MetricRecord(epoch: 0, name: "a", value: 1)])])
          }
          return nil
        }, job)
      try #require(code == 0)
      threads.append(thread)
    }
    for thread in threads { pthread_join(thread, nil) }
    let trials = try study.trials()
    #expect(trials.map(\.value) == (0..<50).map(Double.init))
    #expect(trials.allSatisfy { $0.attempt == 1 && $0.state == .finished })
  }

  @Test func `a full disk is said, and what was written before stays`() throws {
    let script = "$probe work $disk/store.db 100000; cp $disk/store.db* '\(processes.folder.path)/'"
    guard let result = try processes.runOnSmallDisk(script) else {
      print("skipped: a small disk cannot be mounted here")
      return
    }
    #expect(result.output.hasSuffix("/disk/store.db': the disk is full\n"), "\(result)")
    let said = result.output.split(separator: "\n").compactMap { Int($0) }
    let study = try study()
    let finished = try study.trials().filter { $0.state == .finished }.map(\.number)
    #expect(!said.isEmpty && finished.starts(with: said))
  }
}
