import CTrainyard
import Glibc
import PluginHost
import Support
import Testing

/// Event files, read back by a reader of our own and by TensorBoard's.
@Suite struct TensorBoardTests {
  static let train = "logs/train/events.out.tfevents.trainyard.v2"
  static let validation = "logs/validation/events.out.tfevents.trainyard.v2"

  /// Two epochs of three batches.
  private func run(_ probe: CallbackProbe) throws {
    probe.services.parameters = [("learning_rate", 0.125)]
    probe.services.weights = [("layers.0.weight", OwnedTensor([Float(-1), 0, 1, .nan], shape: [2, 2]))]
    try probe.begin()
    for epoch in 0..<2 {
      try probe.beginEpoch(epoch)
      for number in 0..<3 {
        var event = TestEvent(epoch: epoch, ["loss": Double(10 * epoch + number)])
        event.batch = Int64(number)
        try probe.call(TY_HOOK_BATCH_END, event)
      }
      try probe.endEpoch(epoch, ["loss": Double(epoch) + 0.5, "val_loss": Double(epoch) + 0.75])
    }
    try probe.end()
  }

  private func file(_ probe: CallbackProbe, _ path: String = train) throws -> EventFile {
    try EventFile(try #require(probe.services.files[path]))
  }

  @Test func `the reader's checksum is Castagnoli's`() {
    #expect(EventFile.checksum(Array("123456789".utf8)) == 0xe306_9283)
  }

  @Test func `epochs are written to train and validation`() throws {
    let probe = try CallbackProbe("tensorboard")
    try run(probe)
    #expect(probe.services.files.keys.sorted() == [Self.train, Self.validation])
    let training = try file(probe)
    #expect(training.version == "brain.Event:2")
    #expect(training.times.allSatisfy { $0 == 1.7e9 })
    #expect(training.scalars("epoch_loss") == [0: 0.5, 1: 1.5])
    #expect(training.scalars("epoch_learning_rate") == [0: 0.125, 1: 0.125])
    #expect(training.values.count == 4)
    let validation = try file(probe, Self.validation)
    #expect(validation.version == "brain.Event:2")
    #expect(validation.scalars("epoch_loss") == [0: 0.75, 1: 1.75])
    #expect(validation.values.count == 2)
  }

  static let frequencies: [(text: String, batches: [Int: Float])] = [
    ("batch", [1: 0, 2: 1, 3: 2, 4: 10, 5: 11, 6: 12]), ("2", [2: 1, 4: 10, 6: 12]), ("epoch", [:]),
    ("7", [:]),
  ]

  @Test(arguments: frequencies)
  func `batches are written as often as asked`(text: String, batches: [Int: Float]) throws {
    let probe = try CallbackProbe("tensorboard", ["update_freq": .text(text)])
    try run(probe)
    let training = try file(probe)
    #expect(training.scalars("batch_loss") == batches)
    #expect(training.scalars("batch_learning_rate") == batches.mapValues { _ in 0.125 })
  }

  @Test func `a learning rate in the logs is not written twice`() throws {
    let probe = try CallbackProbe("tensorboard")
    probe.services.parameters = [("learning_rate", 0.125)]
    try probe.begin()
    try probe.endEpoch(0, ["learning_rate": 0.5])
    #expect(try file(probe).values.map(\.scalar) == [0.5])
  }

  @Test func `histograms of weights every second epoch`() throws {
    let probe = try CallbackProbe("tensorboard", ["histogram_freq": .int(2)])
    try run(probe)
    let found = try file(probe).values.filter { $0.histogram != nil }
    #expect(found.map(\.tag) == ["layers.0.weight/histogram"])
    #expect(found.first?.step == 1)
    let histogram = try #require(found.first?.histogram)
    #expect(histogram.min == -1 && histogram.max == 1 && histogram.count == 3, "NaN is left out")
    #expect(histogram.sum == 0 && histogram.sumOfSquares == 2)
    #expect(histogram.limits.count == 64 && histogram.limits.last == 1)
    #expect(histogram.buckets.enumerated().filter { $0.element > 0 }.map(\.offset) == [0, 32, 63])
  }

  @Test func `equal weights have one bucket`() throws {
    let probe = try CallbackProbe("tensorboard", ["histogram_freq": .int(1)])
    try probe.begin()
    probe.services.weights = [
      ("a", OwnedTensor([Float(3), 3], shape: [2])), ("b", OwnedTensor([Float.nan], shape: [1])),
    ]
    try probe.endEpoch(0)
    let found = try file(probe).values.filter { $0.histogram != nil }
    #expect(found.map(\.tag) == ["a/histogram"], "what has no finite value has no histogram")
    #expect(found.first?.histogram?.limits == [3])
    #expect(found.first?.histogram?.buckets == [2])
  }

  @Test func `speed on request, without validation`() throws {
    let probe = try CallbackProbe("tensorboard", ["write_steps_per_second": .bool(true)])
    probe.services.clockStep = 500_000_000
    try run(probe)
    // The clock moves by half a second with each look: at the epoch's beginning and after each batch.
    #expect(try file(probe).scalars("epoch_steps_per_second") == [0: 2, 1: 2])
  }

  @Test func `a reused instance writes what a new one does`() throws {
    let options: [String: OptionValue] = ["update_freq": .text("2"), "histogram_freq": .int(1)]
    let reused = try CallbackProbe("tensorboard", options)
    try reused.begin()
    try reused.call(TY_HOOK_BATCH_END, TestEvent(["loss": 9]))
    try run(reused)
    let new = try CallbackProbe("tensorboard", options)
    try run(new)
    #expect(reused.services.files == new.services.files)
  }

  @Test func `a resumed run goes on with its files`() throws {
    let first = try CallbackProbe("tensorboard", ["update_freq": .text("batch")])
    try run(first)
    let resumed = try CallbackProbe("tensorboard", ["update_freq": .text("batch")])
    try resumed.instance.reset()
    try resumed.instance.loadState(try first.instance.saveState())
    #expect(try resumed.call(TY_HOOK_TRAIN_BEGIN) == [])
    try resumed.call(TY_HOOK_BATCH_END, TestEvent(["loss": 9]))
    #expect(try file(resumed).scalars("batch_loss") == [7: 9])
  }

  @Test(arguments: ["0", "-1", "often", ""])
  func `an update_freq that cannot be is refused`(text: String) {
    #expect(
      refusal(of: "tensorboard", options: ["update_freq": .text(text)]).contains("update_freq is '\(text)'"))
  }

  @Test func `other options that cannot be are refused`() {
    #expect(refusal(of: "tensorboard", options: ["log_dir": .text("")]).contains("option 'log_dir' is ''"))
    #expect(refusal(of: "tensorboard", options: ["histogram_freq": .int(-1)]).contains("histogram_freq"))
  }

  /// With `TENSORBOARD_PYTHON` set to a Python that has the package, as `make tensorboard-check` does.
  @Test(.enabled(if: getenv("TENSORBOARD_PYTHON") != nil))
  func `TensorBoard's own reader finds the same`() throws {
    let probe = try CallbackProbe("tensorboard", ["update_freq": .text("batch"), "histogram_freq": .int(1)])
    try run(probe)
    let folder = try TemporaryFolder()
    for (path, bytes) in probe.services.files {
      try Shell.check(["mkdir", "-p", folder(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))])
      try folder.write(path, bytes)
    }
    let python = getenv("TENSORBOARD_PYTHON").map { String(cString: $0) } ?? ""
    let script = packageFolder() + "/Tests/PluginTests/Fixtures/read_events.py"
    let output = try Shell.check([python, script, folder("logs")]).output
    #expect(
      output == """
        train scalar batch_learning_rate 1:0.125 2:0.125 3:0.125 4:0.125 5:0.125 6:0.125
        train scalar batch_loss 1:0.0 2:1.0 3:2.0 4:10.0 5:11.0 6:12.0
        train scalar epoch_learning_rate 0:0.125 1:0.125
        train scalar epoch_loss 0:0.5 1:1.5
        train histogram layers.0.weight/histogram 0:min=-1.0,max=1.0,num=3.0,buckets=64 \
        1:min=-1.0,max=1.0,num=3.0,buckets=64
        train plugin histograms layers.0.weight/histogram
        train plugin scalars batch_learning_rate batch_loss epoch_learning_rate epoch_loss
        validation scalar epoch_loss 0:0.75 1:1.75
        validation plugin scalars epoch_loss

        """)
  }
}
