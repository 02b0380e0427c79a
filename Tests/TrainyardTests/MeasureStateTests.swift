import ForeignCalls
import Support
import Testing
import Training

@testable import Trainyard

/// A checkpoint in mid-pass: what continues from saved state ends as what was never interrupted.
@Suite struct MeasureStateTests {
  private func function(_ symbol: String, _ when: FunctionConfig.When, in folder: TemporaryFolder) throws
    -> PlannedFunction
  {
    let source = try folder.write(
      "sum.c",
      """
      #include <stddef.h>
      double weighted(const float *p, const float *w, size_t n, double *calls) {
        double s = 0;
        for (size_t i = 0; i < n; i++) s += (double)p[i] * w[i];
        return s + 100 * ++*calls;
      }
      """)
    let path = try compileLibrary([source], as: "sum", in: folder, flags: ["-fvisibility=default"])
    let signature = ForeignSignature(
      library: path, symbol: symbol, returns: .scalar(.f64),
      arguments: [
        ForeignArgument(.pointer(.f32, isConst: true), .data(.prediction)),
        ForeignArgument(.pointer(.f32, isConst: true), .data(.weight)),
        ForeignArgument(.scalar(.usize), .quantity(.count)),
        ForeignArgument(.pointer(.f64, isConst: false), .context(bytes: 8)),
      ])
    let config = FunctionConfig(signature: signature, when: when, passes: .both, arguments: .null)
    return PlannedFunction("sum", config)
  }

  private func batch(_ values: [Float], weights: [Float]?) -> (Batch, Tensor) {
    let batch = Batch()
    batch.rows = values.count
    if let weights {
      let tensor = Tensor(zeros: .float32, shape: [weights.count])
      for (index, weight) in weights.enumerated() { tensor.floats[index] = weight }
      batch.weight = tensor
    }
    let prediction = Tensor(zeros: .float32, shape: [values.count])
    for (index, value) in values.enumerated() { prediction.floats[index] = value }
    return (batch, prediction)
  }

  private func value(of monitor: FunctionMonitor) throws -> Double? {
    try monitor.compute()
    defer { monitor.effects.removeAll() }
    guard case .publish(_, let value)? = monitor.effects.effects.first else { return nil }
    return value
  }

  @Test(arguments: FunctionConfig.When.allCases)
  func `a function monitor continues in mid-pass where it was saved`(when: FunctionConfig.When) throws {
    let folder = try TemporaryFolder()
    let planned = try function("weighted", when, in: folder)
    let batches = [
      batch([1, 2, 3], weights: [1, 1, 2]), batch([4, 5], weights: [0.5, 1]), batch([6], weights: [3]),
    ]
    let whole = try FunctionMonitor(planned, run: RunContext(), pass: .train)
    whole.reset()
    whole.passBegin(.train)
    for (batch, prediction) in batches { try whole.update(batch, prediction: prediction) }
    let expected = try #require(try value(of: whole))

    for split in 0...3 {
      let first = try FunctionMonitor(planned, run: RunContext(), pass: .train)
      first.reset()
      first.passBegin(.train)
      for (batch, prediction) in batches[..<split] { try first.update(batch, prediction: prediction) }
      let second = try FunctionMonitor(planned, run: RunContext(), pass: .train)
      second.reset()
      second.loadState(first.saveState())
      for (batch, prediction) in batches[split...] { try second.update(batch, prediction: prediction) }
      #expect(try value(of: second) == expected, "split at \(split)")
    }
  }

  @Test func `a used function monitor is as new after a reset`() throws {
    let folder = try TemporaryFolder()
    let planned = try function("weighted", .epoch, in: folder)
    let monitor = try FunctionMonitor(planned, run: RunContext(), pass: .train)
    let new = try FunctionMonitor(planned, run: RunContext(), pass: .train)
    new.reset()
    let saved = new.saveState()
    let (first, prediction) = batch([1, 2], weights: nil)
    for _ in 0..<2 {
      monitor.reset()
      #expect(monitor.saveState() == saved)
      #expect(try value(of: monitor) == nil, "nothing was measured")
      monitor.passBegin(.train)
      try monitor.update(first, prediction: prediction)
      #expect(try value(of: monitor) == 103)
    }
  }

  @Test func `an expression continues where it was saved`() throws {
    let expression = try Expression("ema(x, 0.5) + previous(x, 0) + best(x, min)")
    var whole = ExpressionEvaluator(expression)
    for value in [3.0, 1, 2] { _ = whole.evaluate { _ in value } }
    var first = ExpressionEvaluator(expression)
    for value in [3.0, 1] { _ = first.evaluate { _ in value } }
    var second = ExpressionEvaluator(expression)
    second.restore(first.memory)
    _ = second.evaluate { _ in 2.0 }
    #expect(second.memory == whole.memory)
  }
}
