import Baselines
import Glibc
import Support

extension Bench {
  /// Reading a CSV file: of numbers alone, and one with texts, quotes and missing cells among them.
  func csv() throws -> [Figure] {
    let rows = size(1_000_000, smoke: 50)
    let numbers = try folder.write("numbers.csv", Self.table(rows, isMixed: false))
    let mixed = try folder.write("mixed.csv", Self.table(rows, isMixed: true))
    let size = Double(try readFile(numbers).count) / 1e6
    let mixedSize = Double(try readFile(mixed).count) / 1e6
    let values = try Rounds.alternate(
      rounds,
      [
        { try Self.seconds(["file": [numbers], "target": ["y"]], rows) },
        { baseline_parse_numbers(numbers) },
        { baseline_count_lines(numbers) },
        { try Self.seconds(["file": [mixed], "target": ["kind"], "categorical": ["colour"]], rows) },
      ])
    let ours = values[0].map { size / $0 }
    return [
      Figure(
        "csv-numbers", rounds: values[0] / values[1],
        parts: [
          ("ours_mb_s", Rounds.median(ours)), ("strtod_mb_s", size / Rounds.median(values[1])),
          ("counting_lines_mb_s", size / Rounds.median(values[2])),
        ]),
      Figure("csv-mixed", rounds: values[3].map { mixedSize / $0 }, parts: [("file_mb", mixedSize)]),
    ]
  }

  /// A file of one gigabyte, each time in a new process, whose memory is nothing but the file and its columns.
  func csvGigabyte() throws -> [Figure] {
    let (rows, copies) = (size(1_000_000, smoke: 50), size(10, smoke: 2))
    let path = folder("gigabyte.csv")
    let bytes = try append(Self.table(rows, isMixed: false), times: copies, to: path)
    defer { unlink(path) }
    let megabytes = Double(bytes) / 1e6
    var peak = 0.0
    func read(threads: Int) throws -> Double {
      let words = [built + "/trainyard-bench", "--child", "csv", path, String(threads)]
      let said = try Shell.check(words).output.split(separator: "\n").compactMap { Double($0) }
      guard said.count == 2 else { throw TestError("the child said \(said)") }
      peak = max(peak, said[1] / 1024)
      return said[0]
    }
    let values = try Rounds.alternate(min(rounds, 3), [{ try read(threads: 0) }, { try read(threads: 1) }])
    return [
      Figure(
        "csv-gigabyte", rounds: values[0].map { megabytes / $0 },
        parts: [
          ("one_thread_mb_s", megabytes / Rounds.median(values[1])), ("file_mb", megabytes),
          ("columns_mib", Double(rows * copies * 11 * 8) / 1_048_576), ("peak_mib", peak),
        ])
    ]
  }

  /// The header and its rows, and the rows again; returns the size.
  private func append(_ table: String, times: Int, to path: String) throws -> Int {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw TestError("cannot write \(path): error \(errno)") }
    defer { close(file) }
    let text = Array(table.utf8)
    let rows = text[(text.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0)...]
    var size = 0
    for index in 0..<times {
      var rest = index == 0 ? text[...] : rows
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
        guard count > 0 else { throw TestError("cannot write \(path): error \(errno)") }
        size += count
        rest = rest.dropFirst(count)
      }
    }
    return size
  }

  /// The work of a child process: prints the seconds, and the most memory that it took in KiB.
  static func readCSV(_ path: String, threads: Int) throws {
    let start = baseline_now()
    let data = try DatasetProbe("csv", ["file": [path], "target": ["y"], "threads": ["\(threads)"]])
    let seconds = baseline_now() - start
    guard data.rowCount > 0 else { throw TestError("no rows") }
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    print(seconds)
    print(usage.ru_maxrss)
  }

  private static func seconds(_ options: [String: [String]], _ rows: Int) throws -> Double {
    let start = baseline_now()
    // One thread, as what it is compared with.
    let data = try DatasetProbe("csv", options.merging(["threads": ["1"]]) { $1 })
    let seconds = baseline_now() - start
    guard data.rowCount == rows else {
      throw TestError("\(data.rowCount) rows were read, and \(rows) written")
    }
    return seconds
  }

  /// About 100 bytes a row: six decimals in most cells, as programs write them, and seventeen digits in two.
  private static func table(_ rows: Int, isMixed: Bool) -> String {
    var state: UInt64 = 1
    func next(_ bound: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % bound
    }
    let colours = ["red", "green", "blue", "\"light, blue\"", ""]
    var text = (0..<9).map { "x\($0)" }.joined(separator: ",") + (isMixed ? ",colour,kind\n" : ",n,y\n")
    text.reserveCapacity(rows * 110)
    for _ in 0..<rows {
      for column in 0..<9 {
        if column < 7 {
          let value = next(20_000_000)
          let fraction = String(value % 1_000_000)
          text += next(2) == 0 ? "-" : ""
          text += "\(value / 1_000_000)." + String(repeating: "0", count: 6 - fraction.utf8.count) + fraction
        } else {
          text += "\(Double(next(1 << 31)) / Double(next(1 << 31) + 1))"
        }
        text += ","
      }
      if isMixed {
        text += colours[Int(next(5))] + (next(2) == 0 ? ",yes\n" : ",no\n")
      } else {
        text += "\(next(1000)),\(next(2))\n"
      }
    }
    return text
  }
}
