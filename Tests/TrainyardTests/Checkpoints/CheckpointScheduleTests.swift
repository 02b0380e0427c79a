import Support
import Testing
import Training

@testable import Trainyard

@Suite struct CheckpointScheduleTests {
  final class Clock {
    var now: Int64 = 0
  }

  @Test(arguments: [
    (CheckpointPolicy(everyEpochs: 2, everySeconds: nil), [20, 40]),
    (CheckpointPolicy(everySteps: 7, everySeconds: nil), [7, 14, 21, 28, 35, 42]),
    (CheckpointPolicy(everySeconds: 15), [15, 30, 45]),
    (CheckpointPolicy(everyEpochs: 1, everySeconds: 25), [10, 20, 30, 40]),
    (CheckpointPolicy(everyEpochs: 3, everySteps: 100, everySeconds: nil), [30]),
  ])
  func `a checkpoint is due by epochs, steps or time`(_ policy: CheckpointPolicy, _ due: [Int]) {
    // Ten steps of a second in each epoch.
    let clock = Clock()
    var schedule = CheckpointSchedule(
      policy, from: RunPosition(.betweenEpochs, epoch: 0), step: 0, clock: { clock.now })
    var taken: [Int] = []
    for step in 1...45 {
      clock.now = Int64(step) * 1_000_000_000
      let position =
        step % 10 == 0
        ? RunPosition(.betweenEpochs, epoch: step / 10)
        : RunPosition(.training, epoch: step / 10, batch: step % 10)
      guard schedule.isDue(at: position, step: step) else { continue }
      schedule.taken(at: position, step: step)
      taken.append(step)
    }
    #expect(taken == due)
  }

  private func policy(_ text: String) throws -> CheckpointPolicy? {
    let text = "data: {train: {dataset: synthetic}}\nmodel: mlp\n\(text)"
    let node = try ConfigReader.read(text: text, file: "p.yaml")
    let config = try PipelineConfig.read(
      node.setting("model", to: ["plugin": "mlp"]), baseFolder: ".")
    // And as a run's folder keeps it.
    let again = try PipelineConfig.read(JSONValue(config.resolved()).node, baseFolder: ".")
    #expect(again.checkpoints == config.checkpoints)
    return config.checkpoints
  }

  @Test func `the section of a pipeline says when`() throws {
    #expect(try policy("") == CheckpointPolicy())
    #expect(try policy("checkpoints: true") == CheckpointPolicy())
    #expect(try policy("checkpoints: false") == nil)
    #expect(
      try policy("checkpoints: {every_epochs: 2, keep: 5}")
        == CheckpointPolicy(everyEpochs: 2, everySeconds: nil, keep: 5))
    #expect(
      try policy("checkpoints: {every_steps: 100, every_seconds: 60, keep_finished: true}")
        == CheckpointPolicy(everySteps: 100, everySeconds: 60, keepFinished: true))
    #expect(try policy("checkpoints: {keep: 1}")?.everySeconds == 30)
    #expect(throws: ConfigProblems.self) { _ = try policy("checkpoints: {every_epoch: 2}") }
    #expect(throws: ConfigProblems.self) { _ = try policy("checkpoints: often") }
  }
}
