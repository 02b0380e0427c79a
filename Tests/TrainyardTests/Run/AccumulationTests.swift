import Support
import Testing
import Trainyard

/// Gradients accumulated over batches: ten batches in each of four epochs, the steps that Lightning makes.
@Suite struct AccumulationTests {
  static let runs: [(scheduling: String, steps: Int, why: Comment)] = [
    ("{1: 2, 3: 4}", 10 + 5 + 5 + 3, "the last group of an epoch makes its step, full or not"),
    ("{0: 2, 2: 1}", 5 + 5 + 10 + 10, "groups that fit"),
    ("{0: 3}", 16, "four steps an epoch: three groups of three and one of one"),
    ("{0: 20}", 4, "a group that is never full still makes its step"),
  ]

  @Test(arguments: runs)
  func `an epoch ends with a step for what has been accumulated`(
    scheduling: String, steps: Int, why: Comment
  ) throws {
    let text = """
      data: {train: {dataset: synthetic, rows: 100}}
      model: {plugin: mlp, hidden: []}
      train: {epochs: 4, batch_size: 10}
      callbacks: [{plugin: gradient-accumulation-scheduler, scheduling: \(scheduling)}]
      plugins: {path: ["\(try builtFolder())"]}
      """
    var plan = try Pipeline(ConfigReader.read(text: text, file: "p.yaml")).plan()
    plan.output.folder = nil
    #expect(try plan.run().result.steps == steps, why)
  }
}
