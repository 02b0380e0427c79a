import Glibc
import Support
import Testing

/// Every command that a document shows is run, in a copy of the tree, in the document's folder and in its order.
@Suite struct DocumentationTests {
  /// Documents with commands, and the folder in which a reader stands.
  static let documents = [
    ("README.md", "."), ("examples/first-run/README.md", "."),
    ("examples/callback-in-c/README.md", "examples/callback-in-c"),
    ("examples/model-in-c/README.md", "examples/model-in-c"),
    ("examples/callback-in-swift/README.md", "examples/callback-in-swift"),
    ("examples/monitor-from-c/README.md", "examples/monitor-from-c"),
    ("examples/monitor-from-gsl/README.md", "examples/monitor-from-gsl"),
    ("examples/cross-validation/README.md", "."), ("examples/search/README.md", "."),
    ("examples/reuse/README.md", "."), ("examples/embed-the-host/README.md", "."),
    ("docs/write-a-callback.md", "."), ("docs/write-a-model.md", "."), ("docs/write-a-monitor.md", "."),
    ("docs/write-a-dataset.md", "."),
    ("docs/runs.md", "."), ("docs/check.md", "."),
  ]

  @Test(arguments: documents)
  func `every command of a document works`(document: String, folder: String) throws {
    let commands = try DocumentedCommand.all(in: document)
    #expect(!commands.isEmpty, "no command was found in \(document)")
    if document.contains("gsl"), dlopen("libgsl.so.27", RTLD_NOW | RTLD_LOCAL) == nil {
      return print("\(document) is left out: libgsl.so.27 is not installed")
    }
    let tree = try copyOfTheTree()
    let path = try builtFolder() + ":/usr/local/bin:" + (Shell.searchPath() ?? "/usr/bin:/bin")
    for command in commands {
      let words = try runnable(command.words, in: tree)
      let result = try Shell.run(words, in: tree(folder), environment: ["PATH": path])
      #expect(result.status == 0, "\(command)\n\(result.output)\(result.errors)")
    }
  }

  @Test func `a new example with a README is in the list above`() throws {
    let found = try Shell.check(["sh", "-c", "ls examples/*/README.md"], in: packageFolder()).output
    // Its commands need engines: EngineTests runs them.
    for document in found.split(separator: "\n").map(String.init) where !document.contains("engines") {
      #expect(Self.documents.contains { $0.0 == document }, "\(document) is not tested")
    }
  }

  @Test func `the first run on Fashion-MNIST reaches 88 per cent of validation accuracy`() throws {
    let images = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz"
    guard (try? Shell.run(["test", "-r", images]).status) == 0 else { return }  // not on this machine
    let folder = try TemporaryFolder()
    let run = [try builtFolder() + "/trainyard", "run", "examples/first-run/pipeline.yaml"]
    let result = try Shell.check(run + ["--output", folder("runs"), "--name", "first"], in: packageFolder())
    #expect(result.output.contains("outcome   "))
    let rows = String(decoding: try readFile(folder("runs/first/metrics.csv")), as: UTF8.self).split(
      separator: "\n")
    let column = try #require(rows.first?.split(separator: ",").firstIndex(of: "val_accuracy"))
    let accuracies = rows.dropFirst().compactMap { Double($0.split(separator: ",")[column]) }
    #expect(accuracies.count <= 10)
    #expect(try #require(accuracies.last) >= 0.88)
  }

  @Test func `the API documentation is built without a warning`() throws {
    let result = try Shell.run(["docs/build-api.sh"], in: packageFolder())
    #expect(result.status == 0, "\(result.output)\(result.errors)")
  }

  @Test func `the programs among the examples say what they show`() throws {
    let reuse = try Shell.check([try builtFolder() + "/reuse"])
    #expect(reuse.output.contains("fit B is the same with the used instance as with a new one"))
    let embedded = try Shell.check([try builtFolder() + "/embed-the-host"])
    #expect(embedded.output.contains("best val_accuracy"))
  }

  // MARK: What stands behind the words of a document

  /// The sources, and data for the names that the README uses.
  private func copyOfTheTree() throws -> TemporaryFolder {
    let tree = try TemporaryFolder()
    for name in ["Package.swift", "Sources", "Plugins", "Tests", "examples", "docs"] {
      try Shell.check(["cp", "-r", packageFolder() + "/" + name, tree(name)])
    }
    try Shell.check(["rm", "-rf", tree("examples/callback-in-swift/.build")])
    let rows = (0..<40).map { "\($0 % 7).5,\($0 % 3),\(["setosa", "virginica"][$0 % 2])" }
    for name in ["train.csv", "test.csv", "new.csv"] {
      try tree.write(name, "length,width,species\n" + rows.joined(separator: "\n") + "\n")
    }
    return tree
  }

  private func runnable(_ words: [String], in tree: TemporaryFolder) throws -> [String] {
    // An example that is a program of this package is built already.
    if words.starts(with: ["swift", "run"]), let name = words.last {
      return [try builtFolder() + "/" + name]
    }
    guard words.contains("RUN") else { return words }
    let run = [
      "trainyard", "run", "--data", "csv:file=train.csv,target=species", "--model", "mlp:hidden=[4]",
      "--validation", "0.2",
    ]
    let program = try builtFolder() + "/trainyard"
    if (try? Shell.run(["test", "-d", tree("runs/documented")]).status) != 0 {
      try Shell.check(
        [program] + run.dropFirst() + ["--epochs", "2", "--name", "documented"], in: tree(""))
    }
    return words.map { $0 == "RUN" ? "runs/documented" : $0 }
  }
}
