import Baselines
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

  private static func seconds(_ options: [String: [String]], _ rows: Int) throws -> Double {
    let start = baseline_now()
    let data = try DatasetProbe("csv", options)
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
