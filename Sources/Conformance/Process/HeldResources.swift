import Glibc

/// What a process holds that someone must give back: descriptors, threads, child processes.
struct HeldResources {
  private let descriptors: [String]
  private let threads: Set<String>
  private let children: Set<String>

  /// What is held now.
  init() {
    descriptors = Self.openDescriptors()
    threads = Set(ProcessSnapshot.entries(of: "/proc/self/task"))
    children = Self.childProcesses(of: threads)
  }

  /// What is held later and was not before, a line each.
  func additions(in later: HeldResources) -> [String] {
    var before: [String: Int] = [:]
    for target in descriptors { before[target, default: 0] += 1 }
    var additions: [String] = []
    for target in later.descriptors {
      if let count = before[target], count > 0 {
        before[target] = count - 1
      } else {
        additions.append("the descriptor of \(target) is still open")
      }
    }
    let threads = later.threads.subtracting(threads).count
    if threads > 0 {
      additions.append(threads == 1 ? "a thread is still there" : "\(threads) threads are still there")
    }
    let children = later.children.subtracting(children).count
    if children > 0 {
      additions.append(
        children == 1
          ? "a child process was not waited for" : "\(children) child processes were not waited for")
    }
    return additions
  }

  /// What is held now and was not before. Waits a moment for what is on its way out: a joined thread is in /proc a
  /// little longer.
  /// - Parameter own: Lines that are the checker's own doing are those that contain this.
  static func settled(after before: HeldResources, besides own: String? = nil) -> [String] {
    var additions: [String] = []
    for _ in 0..<250 {
      additions = before.additions(in: HeldResources()).filter { line in
        own.map { !line.contains($0) } ?? true
      }
      if additions.isEmpty { break }
      usleep(2000)
    }
    return additions
  }

  /// What each descriptor leads to, such as "/tmp/log.csv" or "socket:[123]".
  private static func openDescriptors() -> [String] {
    var targets: [String] = []
    for name in ProcessSnapshot.entries(of: "/proc/self/fd") {
      var buffer = [CChar](repeating: 0, count: 4096)
      let count = readlink("/proc/self/fd/" + name, &buffer, buffer.count)
      // The descriptor of the listing itself has gone.
      guard count > 0 else { continue }
      let target = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      targets.append("'\(target)'")
    }
    return targets.sorted()
  }

  private static func childProcesses(of threads: Set<String>) -> Set<String> {
    var children: Set<String> = []
    for thread in threads {
      guard let file = fopen("/proc/self/task/\(thread)/children", "re") else { continue }
      defer { fclose(file) }
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = fread(&buffer, 1, buffer.count, file)
      for word in buffer[..<count].split(separator: UInt8(ascii: " ")) {
        children.insert(String(decoding: word, as: UTF8.self))
      }
    }
    return children
  }
}
