import Glibc
import Support
import Testing

/// The examples over engines.
@Suite(.enabled(if: BoosterProgram.python != nil)) struct BoosterExampleTests {
  private let folder: String
  private let output: TemporaryFolder

  init() throws {
    folder = BoosterProgram.fixtures.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
      .joined(separator: "/")
    output = try TemporaryFolder()
  }

  private func run(_ words: String...) throws -> Shell.Result {
    try Shell.run(
      [try builtFolder() + "/trainyard"] + words, in: folder, environment: ["XDG_DATA_HOME": output.path],
      seconds: 500)
  }

  /// From the line that begins the section to the end.
  private func callbacks(_ name: String) throws -> String {
    let text = try readText("\(folder)/examples/engines/\(name)")
    return String(text[(try #require(text.firstRange(of: "\ncallbacks:"))).lowerBound...])
  }

  @Test func `one section of callbacks runs over every model`() throws {
    let models = ["mlp", "xgboost", "lightgbm"]
    let section = try callbacks("fashion-mnist-mlp.yaml")
    for model in models { #expect(try callbacks("fashion-mnist-\(model).yaml") == section) }
    guard access("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz", R_OK) == 0 else { return }
    for model in models {
      let answer = try run(
        "run", "examples/engines/fashion-mnist-\(model).yaml", "--epochs", "2", "--output", output("runs"),
        "--name", model)
      #expect(answer.status == 0, "\(answer.errors)")
      #expect(answer.output.contains("outcome   finished"))
      let files = try Shell.check(["ls", output("runs/\(model)"), output("runs/\(model)/checkpoints")]).output
      for name in ["log.csv", "metrics.csv", "summary.json"] { #expect(files.contains(name), "\(files)") }
    }
  }

  @Test func `the table's pipeline stops early and says what columns were worth`() throws {
    for model in ["xgboost:max_depth=4,eta=0.1", "lightgbm:num_leaves=9,min_data_in_leaf=5"] {
      let name = String(model.prefix { $0 != ":" })
      let answer = try run(
        "run", "examples/engines/orchard.yaml", "--model", model, "--output", output("runs"), "--name", name)
      #expect(answer.status == 0, "\(answer.errors)")
      #expect(answer.output.contains("stopped by 'early-stopping'"), "\(answer.output)")
      #expect(try readText(output("runs/\(name)/feature-importance.csv")).contains("soil=loam"))
      let evaluated = try run(
        "evaluate", output("runs/\(name)"), "--data",
        "csv:file=examples/engines/orchard.csv,target=harvest,categorical=[soil]")
      #expect(evaluated.status == 0, "\(evaluated.errors)")
    }
  }
}
