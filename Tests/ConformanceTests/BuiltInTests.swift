import Conformance
import Support
import Testing

/// The plugins of this package keep the contract, as far as the checker can tell.
@Suite struct BuiltInTests {
  static let callbacks: [(id: String, options: [(key: String, text: String)])] = [
    ("early-stopping", []),
    ("early-stopping", [("patience", "2"), ("restore_best_weights", "true")]),
    ("early-stopping", [("rules", "lightning"), ("monitor", "val_loss"), ("patience", "2")]),
    ("csv-logger", []),
    ("model-checkpoint", []),
    ("model-checkpoint", [("rules", "lightning"), ("monitor", "val_loss"), ("save_top_k", "2")]),
    ("progress", []),
    ("reduce-lr-on-plateau", [("patience", "1")]),
    ("learning-rate-scheduler", []),
    ("terminate-on-nan", []),
    ("gradient-accumulation-scheduler", [("scheduling", #"{"0": 2, "3": 4}"#)]),
    ("learning-rate-monitor", []),
    ("timer", [("duration", "5s")]),
    ("spike-detection", []),
    ("on-exception-checkpoint", []),
    ("ema-weights", []),
    ("stochastic-weight-averaging", []),
    ("json-lines-logger", []),
    ("tensorboard", [("histogram_freq", "1"), ("update_freq", "batch")]),
    ("throughput-monitor", []),
    ("process-stats-monitor", []),
    ("model-summary", []),
    ("remote-monitor", []),
    (
      "call",
      [("library", "libm.so.6"), ("symbol", "floor"), ("returns", "f64"), ("result", "floor_of_loss")]
    ),
  ]

  @Test(arguments: callbacks.indices)
  func `passes the strict check`(_ index: Int) throws {
    let (id, options) = Self.callbacks[index]
    var request = CheckRequest(try builtLibrary(id))
    request.level = .strict
    request.deadline = .seconds(900)
    // This build may not be an optimised one, which allocates where a release does not.
    request.skip = ["batch-allocations"]
    request.options = options
    let report = try checker().check(request)
    let found = report.results.filter { $0.verdict.outcome != .passed && $0.verdict.outcome != .skipped }
    #expect(found.isEmpty, "\(id) \(options): \(found.map(\.text).joined(separator: "\n"))")
    let skipped = report.results.filter { $0.verdict.outcome == .skipped }
    #expect(skipped.count < 8, "\(id): \(skipped.map(\.text).joined(separator: "\n"))")
  }

  @Test func `every built-in callback is checked`() throws {
    let found = try Shell.run(["ls", packageFolder() + "/Plugins/Callbacks"])
    let folders = found.output.split(separator: "\n").filter { $0 != "CallbackCore" }
    #expect(Set(Self.callbacks.map(\.id)).count == folders.count)
  }
}
