import Support
import Testing

@testable import Trainyard

@Suite struct SearchSpaceReaderTests {
  typealias Code = ConfigProblem.Code

  static let bad: [(parameters: String, code: Code, message: String, help: String)] = [
    (
      "{model.learning_rat: [0.1]}", .unknownKey, "'model.learning_rat' is no option",
      "did you mean 'model.learning_rate'?"
    ),
    (
      "{callbacks.early-stoping.patience: [1]}", .unknownKey, "is no option",
      "did you mean 'callbacks.early-stopping.patience'?"
    ),
    ("{modle.hidden: [[1]]}", .unknownKey, "is no option", "did you mean 'model.hidden'?"),
    ("{output.folder: [a]}", .unknownKey, "is no option", "paths begin with train,"),
    ("{model.plugin: [mlp]}", .unknownKey, "is no option", "there are model.hidden"),
    ("{train.threads: [1, 2]}", .unknownKey, "is no option", "there are train.epochs"),
    ("{model.hidden: []}", .outOfRange, "has no values", "at least one"),
    ("{}", .missingKey, "is empty", "name an option"),
    ("{model.hidden: 32}", .wrongType, "must be a list of values or a map, not 32", "write [32"),
    ("{model.optimizer: [adam, sdg]}", .notAChoice, "must be one of", "did you mean 'sgd'?"),
    ("{model.learning_rate: [0.1, -1]}", .outOfRange, "must be at least 0, not -1", ""),
    ("{model.learning_rate: [0.1, fast]}", .wrongType, "must be a number, not 'fast'", ""),
    ("{model.learning_rate: [0.1, 0.1]}", .duplicateName, "twice", "remove"),
    ("{model.dropout: {uniform: [0, 1]}}", .outOfRange, "must be at least 0 and below 1, not 1", ""),
    ("{model.dropout: {uniform: [0.5, 0.1]}}", .outOfRange, "goes from 0.5 to 0.1", "smaller one first"),
    ("{model.dropout: {uniform: [0.5]}}", .wrongType, "must be [low, high]", ""),
    ("{model.learning_rate: {log_uniform: [0, 0.1]}}", .outOfRange, "logarithmic and begins at 0", "above 0"),
    (
      "{model.learning_rate: {uniformly: [0, 0.1]}}", .unknownKey, "unknown key 'uniformly'",
      "did you mean 'uniform'?"
    ),
    (
      "{model.learning_rate: {uniform: [0, 1], int: [0, 1]}}", .conflict, "both 'uniform' and 'int'", "one of"
    ),
    ("{model.learning_rate: {log: true}}", .missingKey, "does not say what it may be", "choice"),
    ("{train.batch_size: {uniform: [16, 128]}}", .wrongType, "takes integers", "int: [low, high]"),
    ("{train.batch_size: {int: [16.5, 128]}}", .wrongType, "must have integers, not 16.5", ""),
    ("{train.batch_size: {int: [0, 128]}}", .outOfRange, "must be at least 1, not 0", ""),
    ("{train.batch_size: {int: [16, 128], step: 0}}", .outOfRange, "'step'", "above 0"),
    ("{train.batch_size: {int: [16, 128], step: 2, log: true}}", .conflict, "logarithmic and has a step", ""),
    ("{train.batch_size: {int: [16, 128], log: maybe}}", .wrongType, "true or false", ""),
    ("{model.optimizer: {uniform: [0, 1]}}", .wrongType, "is no number", "list its values"),
    ("{train.shuffle: {int: [0, 1]}}", .wrongType, "is no number", "[true, false]"),
    ("{model.optimizer: {choice: [adam], step: 1}}", .conflict, "goes with numbers", ""),
    (
      "{model.momentum: {uniform: [0, 0.9], when: {model.optimizer: sgd}}}", .wrongValue,
      "which the search does not vary", "leave the condition out"
    ),
    (
      "{model.momentum: {uniform: [0, 0.9], when: {model.optimiser: sgd}}, model.optimizer: [adam, sgd]}",
      .wrongValue, "does not vary", "did you mean 'model.optimizer'?"
    ),
    (
      "{model.momentum: {uniform: [0, 0.9], when: {model.optimizer: rmsprop}}, model.optimizer: [adam, sgd]}",
      .wrongValue, "which it never is", "adam"
    ),
    (
      "{model.momentum: {choice: [0.1], when: {model.rho: 0.5}}, model.rho: {choice: [0.5], when: {model.momentum: 0.1}}}",
      .conflict, "in a circle", ""
    ),
    ("{data.class_weight: [balanced, {a: -1}]}", .outOfRange, "must be above 0", ""),
  ]

  @Test(arguments: bad)
  func `what is wrong with a parameter is told before the first trial`(
    parameters: String, code: Code, message: String, help: String
  ) throws {
    var moons = try MoonsSearch()
    moons.callbacks = "[early-stopping]"
    moons.parameters = parameters
    moons.settings = "strategy: random, trials: 1"
    let error = #expect(throws: ConfigProblems.self) { try moons.search() }
    let problem = try #require(error?.problems.first)
    #expect(error?.problems.count == 1, "\(error?.rendered ?? "")")
    #expect(problem.code == code, "\(problem.rendered)")
    #expect(problem.message.contains(message), "\(problem.rendered)")
    #expect(problem.help.contains(help), "\(problem.rendered)")
    #expect(problem.position?.line == 10, "\(problem.rendered)")
  }

  @Test func `all problems of a file come out together, in its order`() throws {
    var moons = try MoonsSearch()
    moons.parameters = "{model.hiden: [[1]], model.learning_rate: [-1], train.batch_size: {uniform: [1, 2]}}"
    moons.settings = "strategy: grid, lag: 0, metrik: val_loss"
    let text = try moons.text.replacing("hidden: [8]", with: "hiddn: [8]")
    let error = #expect(throws: ConfigProblems.self) {
      try Search(Pipeline(ConfigReader.read(text: text, file: "moons.yaml"), baseFolder: moons.folder.path))
    }
    let messages = (error?.problems ?? []).map(\.message).joined(separator: "\n")
    for part in ["hiddn", "'lag'", "'metrik'"] {
      #expect(messages.contains(part), "\(part) in:\n\(messages)")
    }
  }

  static let grids: [(parameters: String, message: String)] = [
    ("{model.dropout: {uniform: [0, 0.5]}}", "is a continuum"),
    (
      "{train.seed: {int: [0, 2000]}, train.batch_size: {int: [1, 2000]}}", "points, and 1000000 are the most"
    ),
  ]

  @Test(arguments: grids)
  func `a grid must be finite, and of a size that can be done`(parameters: String, message: String) throws {
    var moons = try MoonsSearch()
    moons.parameters = parameters
    moons.settings = "strategy: grid"
    let error = #expect(throws: ConfigProblems.self) { try moons.search() }
    #expect(error?.problems.first?.message.contains(message) == true)
  }

  @Test func `every option of data, model, training, monitors and callbacks can be searched`() throws {
    var moons = try MoonsSearch()
    moons.callbacks = "[early-stopping, {plugin: early-stopping, name: second.one, patience: 2}]"
    moons.parameters = """
      {data.train.noise: {uniform: [0, 0.3], step: 0.1}, data.validation.fraction: [0.1, 0.5], data.standardize: [true, false],
        data.class_weight: [balanced, {a: 2}], model.hidden: {int: [4, 8]}, train.shuffle: [true, false],
        train.find_learning_rate.steps: {int: [12, 20]}, monitors.accuracy.threshold: [0.5],
        callbacks.second.one.patience: {int: [1, 4]}, callbacks.early-stopping.min_delta: [0.0, 0.1]}
      """
    moons.settings = "strategy: random, trials: 1"
    let search = try moons.search()
    #expect(search.space.parameters.count == 10)
    let plan = try #require(search.plan.search)
    var withNode = plan
    withNode.base = try ConfigReader.read(text: moons.text, file: "moons.yaml")
    let node = withNode.node(of: search.space.randomPoint(trial: 0, seed: 1))
    #expect(node["search"] == nil)
    #expect(node["callbacks"]?.elements[0]["plugin"] == "early-stopping", "an id became a map")
    #expect(node["callbacks"]?.elements[1]["patience"] != nil)
    #expect(node["monitors"]?.elements[0]["threshold"] == 0.5)
    #expect(node["train"]?["find_learning_rate"]?["steps"] != nil)
    _ = try PipelineConfig.read(
      node.setting(path: ["data", "class_weight"], to: "balanced"), baseFolder: ".")
  }

  @Test func `rungs are of epochs, or of folds where there are some`() throws {
    var moons = try MoonsSearch()
    moons.settings = "halving: {min_folds: 2}"
    #expect(throws: ConfigProblems.self) { try moons.search() }
    moons.extra = "cross_validation: {folds: 9}"
    #expect(try moons.search().rungs == [2, 8])
    moons.settings = "halving: {min_epochs: 2}"
    #expect(throws: ConfigProblems.self) { try moons.search() }
    moons.settings = "halving: {}"
    moons.extra = ""
    #expect(try moons.search().rungs == [1])
    moons.extra = "cross_validation: {}"
    moons.parameters = "{data.train.noise: [0.1]}"
    let error = #expect(throws: ConfigProblems.self) { try moons.search() }
    #expect(error?.problems.first?.message.contains("folds are those of one table") == true)
  }
}
