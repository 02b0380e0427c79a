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
    try whole.reset()
    whole.passBegin(.train)
    for (batch, prediction) in batches { try whole.update(batch, prediction: prediction) }
    let expected = try #require(try value(of: whole))

    for split in 0...3 {
      let first = try FunctionMonitor(planned, run: RunContext(), pass: .train)
      try first.reset()
      first.passBegin(.train)
      for (batch, prediction) in batches[..<split] { try first.update(batch, prediction: prediction) }
      let second = try FunctionMonitor(planned, run: RunContext(), pass: .train)
      try second.reset()
      try second.loadState(first.saveState())
      for (batch, prediction) in batches[split...] { try second.update(batch, prediction: prediction) }
      #expect(try value(of: second) == expected, "split at \(split)")
    }
  }

  @Test func `a checkpoint that tells of more rows than it holds is refused`() throws {
    let folder = try TemporaryFolder()
    let planned = try function("weighted", .epoch, in: folder)
    let monitor = try FunctionMonitor(planned, run: RunContext(), pass: .train)
    let (first, prediction) = batch([1, 2], weights: nil)
    try monitor.update(first, prediction: prediction)
    let saved = try monitor.saveState()
    let numbers = [UInt8](repeating: 0, count: 16)
    for (key, value) in [
      ("rows", StateValue.int(1000)), ("rows", .int(-1)), ("rows", .int(.max)), ("rows", .float(2)),
      ("width", .int(2)), ("width", .int(.max)), ("width", .int(0)), ("context", .bytes([1])),
      ("weight", .int(1)), ("weight", .tensor(type: .float64, shape: [1 << 40], bytes: numbers)),
      ("prediction", .tensor(type: .int64, shape: [2], bytes: numbers)),
      ("prediction", .tensor(type: .float64, shape: [2], bytes: Array(numbers.dropLast()))),
    ] {
      var state = saved
      state[key] = value
      #expect(throws: ForeignError.self, "\(key): \(value)") { try monitor.loadState(state) }
      #expect(try self.value(of: monitor) == nil, "nothing is left of it")
    }
    try monitor.loadState(saved)
    #expect(try monitor.saveState() == saved)
  }

  @Test func `counts of a checkpoint at their limit do not trap`() throws {
    let folder = try TemporaryFolder()
    let planned = try function("weighted", .batch, in: folder)
    let monitor = try FunctionMonitor(planned, run: RunContext(), pass: .train)
    let (first, prediction) = batch([1, 2], weights: nil)
    try monitor.loadState(["rows": .int(.max)])
    #expect(throws: ForeignError.self) { try monitor.update(first, prediction: prediction) }
    try monitor.loadState(["mean.0.rows": .int(.max)])
    try monitor.update(first, prediction: prediction)
  }

  @Test func `rows of another type, or of another width, end the pass`() throws {
    let folder = try TemporaryFolder()
    let planned = try function("weighted", .epoch, in: folder)
    let (first, prediction) = batch([1, 2], weights: nil)
    for other in [Tensor(zeros: .float64, shape: [2]), Tensor(zeros: .float32, shape: [2, 2])] {
      let monitor = try FunctionMonitor(planned, run: RunContext(), pass: .train)
      try monitor.update(first, prediction: prediction)
      #expect(throws: ForeignError.self) { try monitor.update(first, prediction: other) }
    }
    let rows = GatheredRows()
    try rows.append(Tensor(zeros: .float64, shape: [1]))
    rows.appendOnes(2)
    #expect(rows.count == 3 && rows.base.load(fromByteOffset: 16, as: Double.self) == 1)
  }

  @Test func `a used function monitor is as new after a reset`() throws {
    let folder = try TemporaryFolder()
    let planned = try function("weighted", .epoch, in: folder)
    let monitor = try FunctionMonitor(planned, run: RunContext(), pass: .train)
    let new = try FunctionMonitor(planned, run: RunContext(), pass: .train)
    try new.reset()
    let saved = try new.saveState()
    let (first, prediction) = batch([1, 2], weights: nil)
    for _ in 0..<2 {
      try monitor.reset()
      #expect(try monitor.saveState() == saved)
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
