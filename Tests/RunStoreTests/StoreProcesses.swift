import Support

/// Other processes that use a store: see `StoreProbe`.
struct StoreProcesses {
  let folder: TemporaryFolder
  private let probe: String

  init() throws {
    folder = try TemporaryFolder()
    probe = try builtFolder() + "/store-probe"
  }

  var path: String { folder("store.db") }

  func start(_ command: String, _ argument: String) throws -> RunningProgram {
    try Shell.start([probe, command, path, argument])
  }

  /// Starts one that says when it is there.
  func startAndWait(_ command: String) throws -> RunningProgram {
    let process = try start(command, folder("ready"))
    for _ in 0..<30_000 {
      if (try? readFile(folder("ready"))) != nil { return process }
      if let result = try process.poll(seconds: 0.01) { throw TestError("\(command) ended: \(result)") }
    }
    throw TestError("\(command) did not get ready")
  }

  /// Ends a process as the kernel does when memory is short.
  func end(_ process: RunningProgram) throws {
    process.signal(9)
    _ = try process.wait()
  }

  /// A shell command in a mount namespace of its own, where `FOLDER/disk` is a small disk; `nil`: not possible here.
  func runOnSmallDisk(_ command: String) throws -> Shell.Result? {
    let disk = folder("disk")
    try Shell.check(["mkdir", disk])
    let isolate = ["unshare", "--mount", "--map-root-user", "bash", "-c"]
    let mount = "mount -t tmpfs -o size=200k tmpfs '\(disk)'"
    guard try Shell.run(isolate + [mount]).status == 0 else { return nil }
    return try Shell.run(isolate + ["\(mount); probe='\(probe)'; disk='\(disk)'; \(command)"])
  }
}
