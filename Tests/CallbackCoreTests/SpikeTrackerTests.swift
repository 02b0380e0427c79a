import Testing

@testable import CallbackCore

@Suite struct SpikeTrackerTests {
  private func firstSpike(_ losses: [Double], _ change: (inout SpikeTracker.Settings) -> Void = { _ in })
    -> Int?
  {
    var settings = SpikeTracker.Settings()
    change(&settings)
    var tracker = SpikeTracker()
    for (index, loss) in losses.enumerated() {
      if tracker.isSpike(loss, settings) { return index }
    }
    return nil
  }

  @Test func `finds a loss far from the mean`() {
    // The mean of 1, 1/2, 1/3 and 1/4 is about 0.52; 3 is further from it than twice that.
    #expect(firstSpike([1, 0.5, 1 / 3, 0.25, 3]) == 4)
    #expect(firstSpike([1, 0.5, 1 / 3, 0.25, 1.5]) == nil)
  }

  @Test func `a step in the right direction is none`() {
    #expect(firstSpike([100, 1, 0.001]) == nil)
    #expect(firstSpike([1, 100, 1]) { $0.isMinimum = false } == nil)
    #expect(firstSpike([1, 1, -9]) { $0.isMinimum = false } == 2)
  }

  @Test func `both tolerances must be passed`() {
    #expect(firstSpike([1, 1, 4]) { $0.absoluteTolerance = 3 } == 2)
    #expect(firstSpike([1, 1, 4]) { $0.absoluteTolerance = 3.5 } == nil)
    #expect(firstSpike([1, 1, 1.5]) { $0.relativeTolerance = nil } == 2)
  }

  @Test func `the first batches are let be`() {
    #expect(firstSpike([.nan, 1, 2]) == nil)
    #expect(firstSpike([.nan, 1]) { $0.warmup = 0 } == 0)
    #expect(firstSpike([1, 9, 9, 99]) { $0.warmup = 3 } == 3)
  }

  @Test func `a loss that is not finite`() {
    #expect(firstSpike([1, .nan]) == 1)
    #expect(firstSpike([1, -.infinity]) == 1)
    #expect(firstSpike([1, .nan, 1, 9]) { $0.finiteOnly = false } == 3)
  }

  @Test func `the mean is over the window`() {
    var tracker = SpikeTracker()
    var settings = SpikeTracker.Settings()
    settings.window = 2
    let spikes = [9.0, 3, 1].map { tracker.isSpike($0, settings) }
    #expect(spikes == [false, false, false])
    #expect(tracker.mean == 2)
    let isSpike = tracker.isSpike(60, settings)
    #expect(isSpike)
    #expect(tracker.mean == 2)
  }
}
