import Testing
import Training

/// What an embedding program reads off a fit.
@Suite struct HistoryTests {
  private let result: FitResult = {
    var result = FitResult()
    result.epochs = [
      Epoch(index: 0, metrics: [("loss", 0.5)]),
      Epoch(index: 1, metrics: [("loss", 0.25), ("val_loss", 0.75)]),
      Epoch(index: 2, metrics: [("loss", .nan), ("val_loss", 0.75)]),
      Epoch(index: 3, metrics: [("val_loss", 0.875), ("accuracy", 1)]),
    ]
    return result
  }()

  @Test func `series hold the epochs that have the metric`() {
    #expect(result.metricNames == ["loss", "val_loss", "accuracy"])
    #expect(result.series("val_loss") == [0.75, 0.75, 0.875])
    #expect(result.series("unknown") == [])
    #expect(result.history.keys.sorted() == ["accuracy", "loss", "val_loss"])
    #expect(result.history["val_loss"] == [0.75, 0.75, 0.875])
  }

  @Test func `the best epoch is the first of equals and never NaN`() {
    #expect(result.bestEpoch(by: "loss", .min)?.index == 1)
    #expect(result.bestEpoch(by: "loss", .max)?.index == 0)
    #expect(result.bestEpoch(by: "val_loss", .min)?.index == 1)
    #expect(result.bestEpoch(by: "val_loss", .max)?.index == 3)
    #expect(result.bestEpoch(by: "unknown", .min)?.index == nil)
  }
}
