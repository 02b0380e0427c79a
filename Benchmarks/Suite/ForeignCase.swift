import Baselines
import ForeignCalls
import Support

extension Bench {
  /// A measure that is a C function, through libffi and directly.
  func foreign() throws -> [Figure] {
    let rows = size(10_000, smoke: 100)
    let calls = size(2000, smoke: 5)
    let small = size(5_000_000, smoke: 1000)
    let library = try measures()
    let measure = try call(
      library, "baseline_mean_square",
      [("*const f32", .data(.prediction)), ("*const f32", .data(.target)), ("usize", .quantity(.count))])
    let sum = try call(
      library, "baseline_small", [("f64", .constant(.number(1))), ("f64", .constant(.number(2)))])
    let prediction = (0..<rows).map { Float($0 % 10) * 0.1 }
    let target = (0..<rows).map { Float($0 % 2) }
    let values = try prediction.withUnsafeBytes { prediction in
      try target.withUnsafeBytes { target in
        guard let p = prediction.baseAddress, let t = target.baseAddress else { throw TestError("no rows") }
        return try Rounds.alternate(
          rounds,
          [
            {
              let start = baseline_now()
              for _ in 0..<calls {
                try measure.bind(.prediction, to: ForeignArray(p, .f32, count: rows))
                try measure.bind(.target, to: ForeignArray(t, .f32, count: rows))
                try measure.set(.count, to: rows)
                measure()
              }
              return baseline_now() - start
            },
            {
              try self.checked(
                baseline_direct_calls(
                  library, p.assumingMemoryBound(to: Float.self), t.assumingMemoryBound(to: Float.self), rows,
                  calls))
            },
            {
              let start = baseline_now()
              for _ in 0..<small { sum() }
              return baseline_now() - start
            },
            { try self.checked(baseline_small_calls(library, small)) },
          ])
      }
    }
    let ours = values[2].map { $0 / Double(small) * 1e9 }
    let direct = values[3].map { $0 / Double(small) * 1e9 }
    return [
      Figure(
        "foreign-epoch", rounds: (values[0] / values[1]).map { ($0 - 1) * 100 },
        parts: [
          ("ours_us", Rounds.median(values[0]) / Double(calls) * 1e6),
          ("direct_us", Rounds.median(values[1]) / Double(calls) * 1e6),
        ]),
      Figure(
        "foreign-call", rounds: ours - direct,
        parts: [("ours_ns", Rounds.median(ours)), ("direct_ns", Rounds.median(direct))]),
    ]
  }

  private func checked(_ seconds: Double) throws -> Double {
    guard seconds >= 0 else { throw TestError("the baseline cannot open the library of measures") }
    return seconds
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

  private func call(
    _ library: String, _ symbol: String, _ arguments: [(type: String, binding: ForeignBinding)]
  ) throws -> ForeignCall {
    try ForeignCall(
      ForeignFunction(
        ForeignSignature(
          library: library, symbol: symbol, returns: try ForeignType("f64"),
          arguments: try arguments.map { ForeignArgument(try ForeignType($0.type), $0.binding) })))
  }
}
