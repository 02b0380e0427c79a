import Baselines
import Glibc
import PluginHost
import Support

extension Bench {
  /// Loading many plugins. Each round loads copies that no process has opened before, in a process of its own, for a
  /// library stays where it is.
  func loading() throws -> [Figure] {
    let count = size(100, smoke: 3)
    let copies = try copies(count)
    let values = try Rounds.alternate(
      rounds, [{ try self.child("load", copies, count) }, { try self.child("open", copies, count) }])
    return [
      Figure(
        "loading", rounds: values[0] / values[1],
        parts: [("ours_ms", Rounds.median(values[0]) * 1e3), ("bare_ms", Rounds.median(values[1]) * 1e3)])
    ]
  }

  func copies(_ count: Int) throws -> String {
    let library = try plugin("bench-noop")
    let copies = folder("copies-\(count)")
    mkdir(copies, 0o755)
    let bytes = try readFile(library)
    for index in 0..<count { try folder.write("copies-\(count)/lib\(index).so", bytes) }
    return copies
  }

  func child(_ work: String, _ folder: String, _ count: Int) throws -> Double {
    let program = built + "/trainyard-bench"
    let output = try Shell.check([program, "--child", work, folder, String(count)]).output
    guard let seconds = Double(output.split(separator: "\n").first ?? ""), seconds >= 0 else {
      throw TestError("the child said \(output)")
    }
    return seconds
  }

  /// What a child process does: prints the seconds.
  static func childWork(_ words: [String]) throws {
    guard words.count == 3, let count = Int(words[2]) else { throw TestError("a child needs work") }
    if words[0].hasPrefix("foreign") { return try foreignWork(words) }
    if words[0] == "csv" { return try readCSV(words[1], threads: count) }
    if words[0] == "open" { return print(baseline_open_libraries(words[1], count)) }
    let start = baseline_now()
    for index in 0..<count { _ = try PluginLibrary.open("\(words[1])/lib\(index).so") }
    print(baseline_now() - start)
  }
}
