import ArgumentParser
import Trainyard

/// `trainyard find-learning-rate`: a short run with a rising learning rate, and what it suggests.
struct FindLearningRateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find-learning-rate", abstract: "Suggests a learning rate from a short run.",
    discussion: """
      The rate rises from step to step; the suggestion is where the loss falls fastest. To train with it in one go, \
      write train: {find_learning_rate: {}} into the pipeline.
      """)

  @OptionGroup var pipelineFlags: PipelineFlags
  @Option(help: "The learning rate of the first step.")
  var min = 1e-8
  @Option(help: "The learning rate of the last step.")
  var max = 1.0
  @Option(help: "Training steps.")
  var steps = 100
  @Flag(help: "The same amount in each step instead of the same factor.")
  var linear = false
  @Flag(help: "Every step, as CSV.")
  var csv = false

  func validate() throws {
    guard min > 0, min < max, max.isFinite else {
      throw ValidationError(
        "--min is \(min) and --max is \(max): the rate rises from above 0 to a larger one")
    }
    guard steps >= 12 else { throw ValidationError("--steps is \(steps), and must be at least 12") }
  }

  func run() throws {
    let interruption = Interruption()
    // Before a plugin is opened, which may start threads.
    Signals.watch(interruption)
    let plan = try PipelineArguments(pipelineFlags).pipeline().plan()
    let search = LearningRateSearch(
      minimum: min, maximum: max, steps: steps, ramp: linear ? .linear : .exponential)
    let result = try plan.findLearningRate(search, interruption: interruption)
    if csv { try StandardOutput.write(result.csv) }
    guard let rate = result.suggestion else {
      ErrorReport.write(
        ErrorReport.lines(
          "the loss did not fall in \(result.points.count) steps",
          help: "try another range with --min and --max") + "\n",
        to: 2)
      throw ExitStatus.failed
    }
    let end = result.diverged ? ", where the loss diverged" : ""
    let last = result.points.last.map { Float($0.learningRate) } ?? 0
    let text =
      "learning_rate \(Float(rate)): the loss falls fastest there (\(result.points.count) steps, up to \(last)\(end))\n"
    ErrorReport.write(text, to: csv ? 2 : 1)
  }
}
