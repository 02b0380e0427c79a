import CTrainyard
import PluginHost
import Support
import Testing
import Trainyard

/// Every built-in monitor against what scikit-learn says of the recorded rows.
@Suite struct MonitorTests {
  static let monitors = (try? Recorded.monitors()) ?? []
  private static let read = Result { try Recorded.datasets() }
  let datasets: [String: RecordedRows]

  init() throws { datasets = try Self.read.get() }

  @Test func `every monitor of the package has recorded cases and a readme`() throws {
    #expect(Self.monitors.count >= 20)
    for id in Self.monitors {
      #expect(throws: Never.self, "no cases for '\(id)' in \(Recorded.folder)") { try Recorded.cases(id) }
      let table = try readText(packageFolder() + "/Package.swift")
      let name =
        table.split(separator: "id: \"\(id)\"").last?.split(separator: "name: \"").dropFirst().first?
        .split(separator: "\"").first ?? ""
      let readme = try readText("\(packageFolder())/Plugins/Monitors/\(name)/README.md")
      #expect(readme.hasPrefix("# \(id)\n"), "the readme of '\(id)'")
    }
  }

  @Test(arguments: monitors)
  func `a monitor gives the values of scikit-learn`(id: String) throws {
    try forEachCase(id, ofEveryType: true) { test, rows, type in
      let found = try MonitorProbe(id, options: test.options).measure(rows, type: type)
      let apart = distance(found, test.expected)
      #expect(apart <= 1e-12, "\(test) of \(type): \(found), expected \(test.expected)")
    }
  }

  @Test(arguments: monitors)
  func `any split into batches gives the same bits`(id: String) throws {
    try forEachCase(id) { test, rows, type in
      let probe = try MonitorProbe(id, options: test.options)
      let whole = try probe.measure(rows, type: type)
      for cuts in [
        Array(0...rows.count), [1, 2, 2, 9], [rows.count / 2], Array(stride(from: 7, to: rows.count, by: 7)),
      ] {
        let split = try probe.measure(rows, cuts: cuts, type: type)
        #expect(distance(split, whole) == 0, "\(test) of \(type), cut at \(cuts): \(split), whole \(whole)")
      }
    }
  }

  @Test(arguments: monitors)
  func `parts that are merged give the values of the whole`(id: String) throws {
    try forEachCase(id) { test, rows, type in
      let whole = try MonitorProbe(id, options: test.options).measure(rows, type: type)
      let cuts = [0, rows.count / 3, rows.count / 2, rows.count]
      let parts = try zip(cuts, cuts.dropFirst()).map { start, end in
        let part = try MonitorProbe(id, options: test.options)
        try part.begin(rows)
        try part.update(rows, start..<end, type: type)
        return part
      }
      for part in parts.dropFirst() { try parts[0].instance.merge(part.instance) }
      let merged = try parts[0].compute()
      #expect(distance(merged, whole) <= 1e-15, "\(test) of \(type): \(merged), whole \(whole)")
    }
  }

  @Test(arguments: monitors)
  func `a checkpoint in mid-pass continues exactly`(id: String) throws {
    try forEachCase(id) { test, rows, type in
      let whole = try MonitorProbe(id, options: test.options).measure(rows, type: type)
      let first = try MonitorProbe(id, options: test.options)
      try first.begin(rows)
      let half = rows.count / 2
      try first.update(rows, 0..<half, type: type)
      let saved = try first.instance.saveState()

      let second = try MonitorProbe(id, options: test.options)
      try second.instance.reset()
      try second.instance.loadState(saved)
      try second.prepare(rows)
      #expect(try second.instance.saveState() == saved, "\(test): preparing changed what was loaded")
      try second.update(rows, half..<rows.count, type: type)
      let found = try second.compute()
      #expect(distance(found, whole) == 0, "\(test) of \(type): \(found), whole \(whole)")
    }
  }

  @Test(arguments: monitors)
  func `a pass begins empty, and a reset makes an instance new`(id: String) throws {
    let datasets = self.datasets
    try forEachCase(id) { test, rows, type in
      let fresh = try MonitorProbe(id, options: test.options)
      let whole = try fresh.measure(rows, type: type)
      let new = try MonitorProbe(id, options: test.options)
      try new.instance.reset()
      let state = try new.instance.saveState()

      let used = try MonitorProbe(id, options: test.options)
      try used.begin(rows)
      try used.update(rows, cuts: [], type: type)
      try used.instance.passBegin(UInt32(TY_PASS_TRAIN))
      #expect(try used.compute().isEmpty, "\(test): a pass without rows publishes nothing")
      try used.instance.passBegin(UInt32(TY_PASS_TRAIN))
      try used.update(rows, cuts: [], type: type)
      #expect(distance(try used.compute(), whole) == 0, "\(test): the second pass")

      try used.instance.reset()
      #expect(try used.instance.saveState() == state, "\(test): the state after a reset")
      // A run of another shape, if the monitor serves one, and back.
      for other in [datasets["binary"], datasets["classes_weights"], datasets["outputs"]].compactMap({ $0 }) {
        guard (try? used.begin(other)) != nil else {
          try used.instance.reset()
          continue
        }
        try? used.update(other, cuts: [], type: type)
      }
      #expect(
        distance(try used.measure(rows, type: type), whole) == 0, "\(test): after a run of another shape")
    }
  }

  /// Each case with its rows, for the first or all types of predictions that it holds for.
  private func forEachCase(
    _ id: String, ofEveryType: Bool = false, _ body: (RecordedCase, RecordedRows, String) throws -> Void
  ) throws {
    for test in try Recorded.cases(id) {
      let rows = try #require(datasets[test.data])
      for type in ofEveryType ? test.types : Array(test.types.prefix(1)) { try body(test, rows, type) }
    }
  }
}
