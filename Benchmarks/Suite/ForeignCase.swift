import Baselines
import ForeignCalls
import Support

extension Bench {
  /// A measure that is a C function, through libffi and directly. In each round both take turns of a few calls, hundreds of
  /// times, and the least of each counts: the difference is smaller than what a machine adds to any one of them.
  func foreign() throws -> [Figure] {
    let turns = size(500, smoke: 2)
    let small = size(20_000, smoke: 1000)
    let measure = try ForeignMeasure(rows: size(10_000, smoke: 100), try measures())
    var epochs: [(ours: Double, direct: Double)] = []
    var calls: [(ours: Double, direct: Double)] = []
    for _ in 0..<rounds {
      let (ours, direct) = try Rounds.least(of: turns, { try measure.ours(10) }, { try measure.direct(10) })
      epochs.append((ours / 10, direct / 10))
      let (call, plain) = try Rounds.least(
        of: turns, { measure.small(small) }, { try measure.directSmall(small) })
      calls.append((call / Double(small), plain / Double(small)))
    }
    let (ours, direct) = (calls.map { $0.ours * 1e9 }, calls.map { $0.direct * 1e9 })
    return [
      Figure(
        "foreign-epoch", rounds: epochs.map { ($0.ours / $0.direct - 1) * 100 },
        parts: [
          ("ours_us", Rounds.median(epochs.map(\.ours)) * 1e6),
          ("direct_us", Rounds.median(epochs.map(\.direct)) * 1e6),
        ]),
      Figure(
        "foreign-call", rounds: ours - direct,
        parts: [("ours_ns", Rounds.median(ours)), ("direct_ns", Rounds.median(direct))]),
    ]
  }

  /// What both sides call.
  private func measures() throws -> String {
    let source = packageFolder() + "/Benchmarks/Baselines/"
    let path = folder("libmeasures.so")
    try Shell.check(
      ["cc", "-O2", "-shared", "-fPIC", "-I", source + "include", "-I", headerFolder]
        + [source + "calls.c", "-o", path, "-ldl"])
    return path
  }

  /// For `make bench-instructions`: the calls of one side alone.
  static func foreignWork(_ words: [String]) throws {
    guard words.count == 3, let calls = Int(words[2]) else { throw TestError("a child needs work") }
    let measure = try ForeignMeasure(rows: 10_000, words[1])
    _ = words[0] == "foreign" ? try measure.ours(calls) : try measure.direct(calls)
  }
}

/// The same functions of a library with and without libffi; each call gives its seconds.
private final class ForeignMeasure {
  private let library: String
  private let measure: ForeignCall
  private let sum: ForeignCall
  private let prediction: [Float]
  private let target: [Float]

  init(rows: Int, _ library: String) throws {
    self.library = library
    measure = try Self.call(
      library, "baseline_mean_square",
      [("*const f32", .data(.prediction)), ("*const f32", .data(.target)), ("usize", .quantity(.count))])
    sum = try Self.call(
      library, "baseline_small", [("f64", .constant(.number(1))), ("f64", .constant(.number(2)))])
    prediction = (0..<rows).map { Float($0 % 10) * 0.1 }
    target = (0..<rows).map { Float($0 % 2) }
  }

  /// As a monitor does at the end of an epoch.
  func ours(_ calls: Int) throws -> Double {
    try withRows { prediction, target in
      let start = baseline_now()
      for _ in 0..<calls {
        try measure.bind(.prediction, to: ForeignArray(prediction, .f32, count: self.prediction.count))
        try measure.bind(.target, to: ForeignArray(target, .f32, count: self.target.count))
        try measure.set(.count, to: self.prediction.count)
        measure()
      }
      return baseline_now() - start
    }
  }

  func direct(_ calls: Int) throws -> Double {
    try withRows { prediction, target in
      try checked(baseline_direct_calls(library, prediction, target, self.prediction.count, calls))
    }
  }

  func small(_ calls: Int) -> Double {
    let start = baseline_now()
    for _ in 0..<calls { sum() }
    return baseline_now() - start
  }

  func directSmall(_ calls: Int) throws -> Double { try checked(baseline_small_calls(library, calls)) }

  private func withRows(
    _ body: (UnsafePointer<Float>, UnsafePointer<Float>) throws -> Double
  ) throws -> Double {
    try prediction.withUnsafeBufferPointer { prediction in
      try target.withUnsafeBufferPointer { target in
        guard let p = prediction.baseAddress, let t = target.baseAddress else { throw TestError("no rows") }
        return try body(p, t)
      }
    }
  }

  private func checked(_ seconds: Double) throws -> Double {
    guard seconds >= 0 else { throw TestError("the baseline cannot open the library of measures") }
    return seconds
  }

  private static func call(
    _ library: String, _ symbol: String, _ arguments: [(type: String, binding: ForeignBinding)]
  ) throws -> ForeignCall {
    try ForeignCall(
      ForeignFunction(
        ForeignSignature(
          library: library, symbol: symbol, returns: try ForeignType("f64"),
          arguments: try arguments.map { ForeignArgument(try ForeignType($0.type), $0.binding) })))
  }
}
