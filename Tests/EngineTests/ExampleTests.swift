import Glibc
import Support
import Testing

/// The examples over engines, as a reader of their documents runs them.
@Suite(.enabled(if: BoosterProgram.python != nil)) struct EngineExampleTests {
  private static let images = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz"
  private let tree: TemporaryFolder

  init() throws {
    tree = try TemporaryFolder()
    try Shell.check(["mkdir", tree("examples")])
    try Shell.check(["cp", "-r", packageFolder() + "/examples/engines", tree("examples/engines")])
  }

  /// Runs a command in the copy, as a shell does.
  /// - Parameter python: The folder of the interpreter that the reader has.
  private func run(_ words: [String], python: String) throws -> Shell.Result {
    let path = "\(python):\(try builtFolder()):\(Shell.searchPath() ?? "/usr/bin:/bin")"
    return try Shell.run(
      ["bash", "-c", words.joined(separator: " ")], in: tree.path,
      environment: ["PATH": path, "HOME": tree.path, "XDG_DATA_HOME": ""])
  }

  private func folder(of program: String) -> String {
    program.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
  }

  /// Runs all commands of a document; those over all of Fashion-MNIST for two epochs, or rounds.
  private func runAll(in document: String, python: String) throws {
    let commands = try DocumentedCommand.all(
      in: document, programs: DocumentedCommand.programs.union(["python", "python3"]))
    #expect(commands.count >= 4, "\(commands)")
    let hasImages = access(Self.images, R_OK) == 0
    for command in commands {
      var words = command.words
      if !hasTorch, words.contains(where: { $0.contains("torch") }) { continue }
      if words.contains("examples/engines/fashion-mnist.yaml") {
        guard hasImages else { continue }
        words += ["--epochs", "2"]
      }
      let answer = try run(words, python: python)
      #expect(answer.status == 0, "\(command)\n\(answer.output)\(answer.errors)")
    }
  }

  @Test func `every command of the documents works, and each model leaves the same files`() throws {
    // The module is made by the first document, and trained by the second one too.
    if hasTorch {
      try runAll(in: "examples/engines/torch/README.md", python: folder(of: TorchProgram.python))
    }
    try runAll(in: "examples/engines/README.md", python: folder(of: BoosterProgram.python ?? ""))
    guard access(Self.images, R_OK) == 0 else { return }
    let models = ["mlp", "xgboost", "lightgbm"] + (hasTorch ? ["torch"] : [])
    var sections: Set<String> = []
    for model in models {
      let files = try Shell.check(["ls", tree("runs/\(model)"), tree("runs/\(model)/checkpoints")]).output
      for name in ["log.csv", "metrics.csv", "summary.json"] {
        #expect(files.contains(name), "\(model): \(files)")
      }
      #expect(files.contains(".safetensors"), "\(model): \(files)")
      // What the run was told, with all defaults: all but the model is alike.
      let config = try readText(tree("runs/\(model)/config.json"))
      #expect(config.contains("\"plugin\": \"\(model)\"") || config.contains("\"plugin\":\"\(model)\""))
      sections.insert(try callbacks(in: tree("runs/\(model)/config.json")))
    }
    #expect(sections.count == 1, "\(sections)")
    #expect(sections.first?.contains("early-stopping") == true)
  }

  /// The callbacks of a resolved config.
  private func callbacks(in config: String) throws -> String {
    try Shell.check([
      "python3", "-c", "import json, sys; print(json.load(open(sys.argv[1]))['callbacks'])", config,
    ]).output
  }

  @Test(arguments: ["xgboost:max_depth=4,eta=0.1", "lightgbm:num_leaves=9,min_data_in_leaf=5"])
  func `the table's pipeline stops early and says what columns were worth`(model: String) throws {
    let program = ["trainyard", "run", "examples/engines/orchard.yaml", "--name", "one", "--model", model]
    let answer = try run(program, python: folder(of: BoosterProgram.python ?? ""))
    #expect(answer.status == 0, "\(answer.errors)")
    #expect(answer.output.contains("stopped by 'early-stopping'"), "\(answer.output)")
    #expect(try readText(tree("runs/one/feature-importance.csv")).contains("soil=loam"))
  }
}
