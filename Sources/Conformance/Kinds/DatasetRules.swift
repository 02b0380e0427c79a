import CTrainyard
import PluginHost

/// Rules about datasets.
enum DatasetRules {
  static let scope = Rule.Scope.component([.dataset])

  static let all: [Rule] = [
    Rule(
      "dataset-read",
      "A row is the same in any order, alone or among others, asked for once or again.", scope: scope
    ) { try reads($0) },
    Rule("dataset-whole", "whole() shows what read() gives.", scope: scope) { try showsTheWhole($0) },
    Rule("dataset-bounds", "Rows that do not exist are refused in words.", scope: scope) { try refuses($0) },
    Rule(
      "dataset-reset",
      "Length, fields and rows stay as they are over resets, and are those of any other instance.",
      scope: scope
    ) { try resets($0) },
    Rule(
      "dataset-seed", "Rows follow from row, seed and epoch alone, in this and in any other instance.",
      scope: scope
    ) { try followsTheSeed($0) },
    Rule(
      "dataset-state",
      "Loading nothing equals a reset, saving changes nothing, and damaged state gives a clean error.",
      scope: scope
    ) { try keepsState($0) },
  ]

  private static func new(_ context: RuleContext) throws -> DatasetDrive {
    let drive = try DatasetDrive(context)
    try drive.reset()
    return drive
  }

  /// Some of the rows, from both ends.
  private static func sample(_ drive: DatasetDrive) throws -> [Int] {
    let count = try drive.rowCount()
    guard count > 0 else { throw Skip("it has no rows") }
    return Array(Set(Array(0..<min(12, count)) + Array(max(0, count - 12)..<count))).sorted()
  }

  /// `nil` where `found`, read for `rows`, has what `expected` says of each row.
  private static func compare(
    _ drive: DatasetDrive, _ found: [[[UInt8]]], _ rows: [Int], _ expected: [Int: [[UInt8]]], _ fault: String
  ) throws -> Verdict? {
    for (index, field) in try drive.fields().enumerated() {
      for (place, row) in rows.enumerated() where found[index][place] != expected[row]?[index] {
        return .failed("\(fault): '\(field.name)' of row \(row) differs")
      }
    }
    return nil
  }

  /// The bytes of each row, field by field, read together.
  private static func table(
    _ drive: DatasetDrive, _ rows: [Int], seed: UInt64 = 0, epoch: Int = 0
  ) throws -> [Int: [[UInt8]]] {
    let read = try drive.read(rows, seed: seed, epoch: epoch)
    var table: [Int: [[UInt8]]] = [:]
    for (place, row) in rows.enumerated() { table[row] = read.map { $0[place] } }
    return table
  }

  private static func reads(_ context: RuleContext) throws -> Verdict {
    let drive = try new(context)
    let rows = try sample(drive)
    let expected = try table(drive, rows)
    let requests: [(String, [Int])] = [
      ("in reverse", rows.reversed()), ("again", rows), ("each twice", rows.flatMap { [$0, $0] }),
      ("every other one", rows.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)),
    ]
    for (how, request) in requests {
      context.trying("the rows \(how)")
      if let fault = try compare(drive, drive.read(request), request, expected, "read \(how)") {
        return fault
      }
    }
    for row in rows {
      context.trying("row \(row) alone")
      if let fault = try compare(drive, drive.read([row]), [row], expected, "read alone") { return fault }
    }
    context.trying("no rows")
    _ = try drive.read([])
    for (index, field) in try drive.fields().enumerated() {
      context.trying("'\(field.name)' alone")
      let found = try drive.read(rows, only: index)[index]
      for (place, row) in rows.enumerated() where found[place] != expected[row]?[index] {
        return .failed("read without the other fields, '\(field.name)' of row \(row) differs")
      }
    }
    return .passed
  }

  private static func showsTheWhole(_ context: RuleContext) throws -> Verdict {
    let drive = try new(context)
    let rows = try sample(drive)
    let expected = try table(drive, rows)
    var shown = 0
    for (index, field) in try drive.fields().enumerated() {
      guard let whole = try drive.whole(index) else { continue }
      shown += 1
      for row in rows where whole[row] != expected[row]?[index] {
        return .failed("whole() and read() differ: '\(field.name)' of row \(row)")
      }
      // It is promised to stay as it is.
      try drive.reset()
      _ = try drive.read(rows, seed: 5, epoch: 2)
      if try drive.whole(index) != whole {
        return .failed("the memory of '\(field.name)' that whole() shows has changed")
      }
    }
    guard shown > 0 else { throw Skip("it shows no field as a whole") }
    return .passed
  }

  private static func refuses(_ context: RuleContext) throws -> Verdict {
    let drive = try new(context)
    let count = try drive.rowCount()
    for row in [count, -1, Int.max, Int.min] {
      context.trying("row \(row) of \(count)")
      do {
        _ = try drive.read([row])
        return .failed("row \(row) is read, and there are \(count)")
      } catch let failure as PluginFailure {
        if failure.hasNoWords { return .failed("row \(row) of \(count) is refused without a word") }
      }
      // The next request must not suffer for it.
      try drive.reset()
    }
    return .passed
  }

  private static func resets(_ context: RuleContext) throws -> Verdict {
    let drive = try new(context)
    let rows = try sample(drive)
    let expected = try table(drive, rows, seed: 3, epoch: 1)
    for history in ["a reset", "other rows, another epoch and a reset", "an error and a reset"] {
      context.trying("after \(history)")
      if history.hasPrefix("other") { _ = try drive.read([rows[0]], seed: 9, epoch: 7) }
      if history.hasPrefix("an error") { _ = try? drive.read([-1]) }
      try drive.reset()
      if let fault = try compare(
        drive, drive.read(rows, seed: 3, epoch: 1), rows, expected, "after \(history)")
      {
        return fault
      }
    }
    let other = try new(context)
    guard try other.rowCount() == drive.rowCount(), try other.fields() == drive.fields() else {
      return .failed("two instances with the same options have other rows or fields")
    }
    return try compare(
      other, other.read(rows, seed: 3, epoch: 1), rows, expected, "in a second instance") ?? .passed
  }

  private static func followsTheSeed(_ context: RuleContext) throws -> Verdict {
    let drive = try new(context)
    let rows = try sample(drive)
    let requests: [(seed: UInt64, epoch: Int)] = [(0, 0), (0, 1), (7, 0), (7, 3)]
    var expected: [[Int: [[UInt8]]]] = []
    for request in requests {
      expected.append(try table(drive, rows, seed: request.seed, epoch: request.epoch))
    }
    // Backwards, in another instance, and with another seed of the run.
    let other = try DatasetDrive(context, seed: context.seed &+ 1)
    try other.reset()
    for (request, wanted) in zip(requests, expected).reversed() {
      context.trying("seed \(request.seed), epoch \(request.epoch)")
      for (reader, who) in [(drive, "read again"), (other, "in a second instance")] {
        if let fault = try compare(
          reader, reader.read(rows, seed: request.seed, epoch: request.epoch), rows, wanted,
          "\(who), with seed \(request.seed) and epoch \(request.epoch)")
        {
          return fault
        }
      }
    }
    return .passed
  }

  private static func keepsState(_ context: RuleContext) throws -> Verdict {
    let drive = try new(context)
    guard drive.dataset.savesState else { throw Skip("it saves no state") }
    let copy = try DatasetDrive(context, memory: GuardedMemory())
    let rows = try sample(drive)
    let expected = try table(drive, rows, seed: 3, epoch: 1)
    let state = try drive.state()
    if let fault = KindVerdict.comparing(try drive.state(), state, "saving twice gives two states") {
      return fault
    }
    for (what, damaged) in [("nothing in it", [:])] + DamagedState.variants(of: state) {
      context.trying("loading a state with \(what)")
      try copy.reset()
      do { try copy.load(damaged) } catch let failure as PluginFailure {
        if failure.hasNoWords { return .failed("a state with \(what) is refused without a word") }
        if damaged.isEmpty { return .failed("loading nothing fails: \(failure.words)") }
        try copy.reset()
      }
      if damaged.isEmpty,
        let fault = try compare(
          copy, copy.read(rows, seed: 3, epoch: 1), rows, expected, "after loading nothing")
      {
        return fault
      }
    }
    return .passed
  }
}
