import CTrainyard
import PluginHost
import Support
import Testing

/// The table that a run begins with.
@Suite struct ModelSummaryTests {
  private func lines(_ depth: Int64? = nil, _ weights: [(String, [Int])]) throws -> [String] {
    let probe = try CallbackProbe("model-summary", depth.map { ["max_depth": .int($0)] } ?? [:])
    probe.services.model = "mlp"
    probe.services.weights = weights.map {
      ($0.0, OwnedTensor(dtypeCode: TY_DTYPE_FLOAT, bits: 32, shape: $0.1))
    }
    return try probe.begin().map { $0.replacing("log info ", with: "").replacing("\"", with: "") }
  }

  private static let mlp: [(String, [Int])] = [
    ("layers.0.weight", [784, 128]), ("layers.0.bias", [128]), ("layers.1.weight", [128, 10]),
    ("layers.1.bias", [10]),
  ]

  @Test func `a row for each layer`() throws {
    #expect(
      try lines(nil, Self.mlp) == [
        "model 'mlp'",
        "name      shape             parameters",
        "--------------------------------------",
        "layers.0  [784, 128] [128]     100,480",
        "layers.1  [128, 10] [10]         1,290",
        "--------------------------------------",
        "total: 101,770 (397.5 KiB)", "trainable: 101,770", "not trainable: 0",
      ])
  }

  @Test func `coarser rows, and totals only`() throws {
    #expect(try lines(1, Self.mlp)[3] == "layers  [784, 128] [128] [128, 10] [10]     101,770")
    #expect(try lines(9, Self.mlp)[3] == "layers.0  [784, 128] [128]     100,480")
    #expect(
      try lines(0, Self.mlp)[3...] == [
        "-----------------------", "total: 101,770 (397.5 KiB)", "trainable: 101,770", "not trainable: 0",
      ])
  }

  @Test func `names without parts, scalars, and no weights at all`() throws {
    #expect(try lines(nil, [("w", [])])[3] == "w     []              1")
    #expect(try lines(nil, [("w", [])]).contains("total: 1 (4 bytes)"))
    #expect(try lines(nil, []).contains("total: 0 (0 bytes)"))
  }

  @Test func `a depth out of range is refused`() {
    #expect(refusal(of: "model-summary", options: ["max_depth": .int(-2)]).contains("max_depth"))
  }
}
