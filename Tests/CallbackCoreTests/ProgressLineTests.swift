import Testing

@testable import CallbackCore

@Suite struct ProgressLineTests {
  private var line: ProgressLine {
    var line = ProgressLine(epoch: 3, epochs: 10, batch: 120, batches: 240)
    line.loss = 0.412345
    line.examplesPerSecond = 48_200
    line.secondsLeft = 12.4
    return line
  }

  @Test func `shows a bar where there is room`() {
    #expect(
      line.text(columns: 100)
        == "epoch 3/10  [===============>..............]  120/240  loss 0.4123  48.2k examples/s  12 s left")
    #expect(line.text(columns: 70) == "epoch 3/10  120/240  loss 0.4123  48.2k examples/s  12 s left")
  }

  @Test(arguments: [0, 1, 5, 12, 20, 33, 47, 60, 61, 66, 72, 80, 200])
  func `always fits into the terminal`(columns: Int) {
    #expect(line.text(columns: columns).count <= max(0, columns - 1))
  }

  @Test func `needs no count of batches`() {
    #expect(ProgressLine(epoch: 1, epochs: 2, batch: 5, batches: 0).text(columns: 80) == "epoch 1/2  5/0")
  }

  static let durations: [(Double, String)] = [
    (0, "0.0 s"), (1.24, "1.2 s"), (9.96, "10 s"), (59.4, "59 s"), (200, "3 min 20 s"), (3900, "1 h 05 min"),
    (.nan, "?"), (.infinity, "?"),
  ]

  @Test(arguments: durations) func `writes durations for people`(seconds: Double, text: String) {
    #expect(ProgressLine.duration(seconds) == text)
  }

  static let rates: [(Double, String)] = [
    (0.51, "0.51"), (9.5, "9.5"), (950, "950"), (9512.3, "9512"), (48_210, "48.2k"), (1_234_000, "1.23M"),
  ]

  @Test(arguments: rates) func `writes rates for people`(rate: Double, text: String) {
    #expect(ProgressLine.rate(rate) == text)
  }

  static let widths: [(columns: Int, text: String)] = [
    (0, "epoch 3/10  loss 0.4123  val_loss 0.4314  1.2 s"),
    (47, "epoch 3/10  loss 0.4123  val_loss 0.4314  1.2 s"),
    (46, "epoch 3/10  loss 0.412  val_loss 0.431  1.2 s"),
    (44, "epoch 3/10  loss 0.4123  val_loss 0.4314"),
    (30, "epoch 3/10  loss 0.4123\n            val_loss 0.4314\n            1.2 s"),
  ]

  @Test(arguments: widths)
  func `a line for an epoch is broken between metrics where a terminal is narrow`(columns: Int, text: String)
  {
    let metrics = [("loss", 0.41234), ("val_loss", 0.43139)]
    #expect(ProgressLine.epoch(3, of: 10, metrics: metrics, seconds: 1.2, columns: columns) == text)
  }

  @Test func `puts the loss first and each metric before its validation`() {
    let text = ProgressLine.epoch(
      3, of: 10,
      metrics: [
        ("val_accuracy", 0.75), ("gap", 0.019), ("val_loss", 0.431), ("accuracy", 0.85), ("loss", 0.412),
      ],
      seconds: 1.2)
    #expect(
      text == "epoch 3/10  loss 0.412  val_loss 0.431  gap 0.019  accuracy 0.85  val_accuracy 0.75  1.2 s")
  }
}
