import Glibc
import PluginHost

/// Finds what a callback measures of its process, such as memory, threads or processor time: no event decides it, so
/// that two runs need not agree on it.
///
/// A new instance is shown the same in two processes, of which one has more memory and more threads, and has worked
/// longer. What differs is measured. A counter that is global to the process does not differ: it is no excuse for one.
enum Measurement {
  static func lines(_ context: RuleContext, disturbed: Bool) throws -> [String] {
    guard try context.component().kind == .callback else { return [] }
    let block = disturbed ? takeMemory() : nil
    defer { free(block) }
    if disturbed { startThread() }
    let callback = try context.callback()
    if disturbed { callback.willCall = work }
    return try lines(callback, Portfolio(seed: context.seed).random("random", 6, 4))
  }

  /// The keys of effects and state that depend on how fast the host's clock goes, and that only tell of it: what is
  /// published, written to the log or to the console.
  static func timed(_ context: RuleContext) throws -> Set<String> {
    let script = Portfolio(seed: context.seed).random("random", 6, 4)
    let traces = try [Int64(1), 7].map { pace in
      let callback = try context.callback()
      callback.pace = pace
      return try lines(callback, script)
    }
    let telling = ["publish", "log", "status", "state"]
    return Set(
      differing(traces[0], traces[1]).map { $0.hasPrefix("-") ? String($0.dropFirst()) : $0 }
        .filter { key in telling.contains { key.hasPrefix($0) } })
  }

  private static func lines(_ callback: ScriptedCallback, _ script: RunScript) throws -> [String] {
    try callback.reset()
    let trace = try callback.run(script)
    var lines: [String] = []
    for (index, entry) in trace.entries.enumerated() {
      for effect in entry.effects { lines.append("\(index)\t\(effect.key)\t\(effect.value)") }
      if let failure = entry.failure { lines.append("\(index)\tfailure\t\(failure)") }
    }
    if let state = try? callback.state() {
      for (key, value) in state.sorted(by: { $0.key < $1.key }) {
        lines.append("-1\tstate \(key)\t\(value.text)")
      }
    }
    return lines
  }

  private static func takeMemory() -> UnsafeMutableRawPointer? {
    let size = 48 << 20
    let block = malloc(size)
    if let block { memset(block, 1, size) }
    return block
  }

  /// It waits until the process ends, which has no other use.
  private static func startThread() {
    var thread = pthread_t()
    let code = pthread_create(&thread, nil, { _ in while true { pause() } }, nil)
    if code == 0 { pthread_detach(thread) }
  }

  /// Spends time, so that what other threads do is done, and processor time is counted: the system counts it in
  /// hundredths of a second, so between the hooks of an epoch it takes more than one of them.
  private static func work(_ site: CallSite) {
    let end = processorTime + (site.batch < 0 ? 25_000_000 : 5_000_000)
    while processorTime < end {}
  }

  /// Of this thread, in nanoseconds: when others have the processor, time goes by and nothing is counted.
  private static var processorTime: Int64 {
    var time = timespec()
    guard clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0 else { return Deadline.now }
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }

  /// The keys of effects and state whose values differ; with a '-' before them where even their number does.
  static func differing(_ one: [String], _ other: [String]) -> [String] {
    let (one, other) = (grouped(one), grouped(other))
    var keys: Set<String> = []
    for place in Set(one.keys).union(other.keys) {
      let (own, others) = (one[place] ?? [], other[place] ?? [])
      guard own != others else { continue }
      let key = place.split(separator: "\t", maxSplits: 1).last.map(String.init) ?? place
      keys.insert(own.count == others.count ? key : "-" + key)
    }
    return keys.sorted()
  }

  private static func grouped(_ lines: [String]) -> [String: [String]] {
    var groups: [String: [String]] = [:]
    for line in lines {
      let fields = line.split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      groups["\(fields[0])\t\(fields[1])", default: []].append(String(fields[2]))
    }
    return groups
  }
}
