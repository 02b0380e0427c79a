import Fuzzing
import Glibc

/// Feeds a fuzz target without a fuzzer: the corpus, and damaged copies of it that are the same in every run.
///
///     fuzz-runner list                                the targets
///     fuzz-runner TARGET FILE…                        each file once
///     fuzz-runner TARGET --mutate COUNT INPUT FILE…   the files, then COUNT damaged copies of them; before each
///                                                     the bytes are written to the file INPUT
///
/// A fault of the parser ends the process by a signal; so does an input that needs too much time or memory.
@main
struct FuzzRunner {
  static func main() {
    var words = Array(CommandLine.arguments.dropFirst())
    if words == ["list"] {
      for target in FuzzTarget.all { print("\(target.name)\t\(target.doc)") }
      return
    }
    guard let name = words.first, let target = FuzzTarget.named(name) else {
      fail("name a target; see 'list'")
    }
    words.removeFirst()
    limitMemory()
    if words.first == "--mutate" {
      guard words.count >= 3, let count = Int(words[1]) else { fail("give a count and a file for the input") }
      let executions = mutate(target, count / target.cost, keeping: words[2], Array(words.dropFirst(3)))
      print("\(executions) executions")
    } else {
      for path in words {
        print(path)
        fflush(nil)
        perform(target, read(path))
      }
    }
  }

  private static func mutate(_ target: FuzzTarget, _ count: Int, keeping path: String, _ files: [String])
    -> Int
  {
    let input = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard input >= 0 else { fail("cannot write '\(path)'") }
    let seeds = files.map { read($0) }
    func run(_ bytes: [UInt8]) {
      guard ftruncate(input, 0) == 0, pwrite(input, bytes, bytes.count, 0) == bytes.count else {
        fail("cannot write '\(path)'")
      }
      perform(target, bytes)
    }
    for seed in seeds { run(seed) }
    guard !seeds.isEmpty else { return 0 }
    var mutator = Mutator(seed: 1, target: target.name)
    for number in 0..<count { run(mutator.mutated(seeds[number % seeds.count], others: seeds)) }
    return seeds.count + count
  }

  private static func perform(_ target: FuzzTarget, _ bytes: [UInt8]) {
    // Of processor time: a busy machine is no fault. SIGPROF ends the process.
    var limit = itimerval(it_interval: timeval(), it_value: timeval(tv_sec: mostSeconds, tv_usec: 0))
    setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &limit, nil)
    target.run(bytes)
    limit.it_value = timeval()
    setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &limit, nil)
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    guard usage.ru_maxrss < mostMemory >> 10 else { fail("more than \(mostMemory >> 20) MiB of memory") }
  }

  private static let mostSeconds = 10
  private static let mostMemory = 1 << 30

  /// What is reserved and never touched counts as well; not under a sanitizer, which reserves terabytes.
  private static func limitMemory() {
    guard dlsym(dlopen(nil, RTLD_NOW), "__sanitizer_print_stack_trace") == nil else { return }
    var limit = rlimit(rlim_cur: rlim_t(4 * mostMemory), rlim_max: rlim_t(4 * mostMemory))
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
  }

  private static func read(_ path: String) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { fail("cannot read '\(path)'") }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = Glibc.read(file, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
    return bytes
  }

  private static func fail(_ words: String) -> Never {
    print("error: \(words)")
    exit(2)
  }
}
