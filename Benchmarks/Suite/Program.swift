import Glibc
import Support
import Trainyard

/// The benchmarks: `make bench`. What each line means is in `docs/performance.md`.
///
///     trainyard-bench [--only PATTERN] [--rounds N] [--smoke] [--output bench.jsonl] [--page docs/performance.md]
@main
struct Program {
  static let usage = """
    usage: trainyard-bench [--only PATTERN] [--rounds N] [--smoke] [--list] [--output FILE] [--page FILE]
      --only PATTERN  the cases and lines whose name has PATTERN in it
      --rounds N      rounds in which ours and baseline take turns; 7 by default
      --smoke         every case once, as small as it gets: the figures mean nothing
      --list          names of the lines, with their cases
      --output FILE   JSON lines; lines that are not measured stay as they are
      --page FILE     the page whose tables are made from them

    """

  var pattern = ""
  var rounds = 7
  var isSmoke = false
  var output: String?
  var page: String?

  static func main() {
    do {
      let words = Array(CommandLine.arguments.dropFirst())
      if words.first == "--child" { return try Bench.childWork(Array(words.dropFirst())) }
      if words.contains("--list") {
        for line in Line.all { print("\(line.group)\t\(line.name)\t\(line.title)") }
        return
      }
      try Program(words).run()
    } catch {
      Self.say("error: \(error)", to: 2)
      exit(1)
    }
  }

  init(_ words: [String]) throws {
    var words = words[...]
    while let word = words.popFirst() {
      switch word {
      case "--smoke": isSmoke = true
      case "--only": pattern = words.popFirst() ?? ""
      case "--output": output = words.popFirst()
      case "--page": page = words.popFirst()
      case "--rounds":
        guard let count = words.popFirst().flatMap({ Int($0) }), count > 0 else {
          throw TestError("--rounds needs a number")
        }
        rounds = count
      default: throw TestError("'\(word)' is not known\n\(Self.usage)")
      }
    }
    if isSmoke { rounds = 1 }
  }

  static let cases: [(group: String, run: @Sendable (Bench) throws -> [Figure])] = [
    ("hooks", { try $0.hooks() }), ("tiny", { try $0.tinyModel() }), ("start", { try $0.start() }),
    ("fashion", { try $0.fashion() }), ("accuracy", { try $0.accuracy() }), ("digits", { try $0.digits() }),
    ("loading", { try $0.loading() }), ("foreign", { try $0.foreign() }), ("memory", { try $0.memory() }),
    ("csv", { try $0.csv() }), ("csv-gigabyte", { try $0.csvGigabyte() }),
    ("checkpoint", { try $0.checkpoints() }),
    ("isolation", { try $0.isolation() }), ("growth", { try $0.growth() }),
  ]

  private func isWanted(_ group: String) -> Bool {
    pattern.isEmpty
      || Line.all.contains { $0.group == group && ($0.name.contains(pattern) || group.contains(pattern)) }
  }

  func run() throws {
    let bench = try Bench(rounds: rounds, isSmoke: isSmoke, pattern: pattern)
    var records = try output.map { try Records($0) }
    let chosen = Self.cases.filter { isWanted($0.group) }
    guard !chosen.isEmpty else { throw TestError("no case and no line has '\(pattern)' in its name") }
    for (_, measure) in chosen {
      let machine = Machine()
      for figure in try measure(bench) {
        let json = figure.json(on: machine)
        Self.say(JSONWriter.compact(json), to: 1)
        records?.put(json)
      }
    }
    guard let records else { return }
    try records.write()
    guard let page else { return }
    try Page(records: records).write(to: page)
    let chart =
      page.split(separator: "/", omittingEmptySubsequences: false).dropLast().map(String.init) + [
        "growth.svg"
      ]
    try AtomicFile.write(Chart(records: records).svg, to: chart.joined(separator: "/"))
  }

  /// At once, also into a pipe.
  private static func say(_ line: String, to file: Int32) {
    let bytes = Array((line + "\n").utf8)
    _ = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
  }
}
