import Support
import Testing

@testable import Trainyard

/// `trainyard replay` and `trainyard traces`, run as a user runs them.
@Suite struct ReplayCommandTests {
  private func trainyard(_ words: String...) throws -> Shell.Result {
    try Shell.run([try builtFolder() + "/trainyard"] + words + ["--plugins", try builtFolder()])
  }

  /// A run of eight epochs, of ten that were planned: the loss falls up to the fourth.
  private func recording(in folder: TemporaryFolder) throws -> String {
    var lines = [
      #"{"schema": 1, "epochs": 10, "seed": "0", "model": "mlp"}"#,
      #"{"event": "on_train_begin", "step": 0, "metrics": [{"name": "loss", "direction": "min", "phases": ["epoch"]}], "#
        + #""parameters": {"learning_rate": 0.5}}"#,
    ]
    for (epoch, loss) in [0.8, 0.6, 0.7, 0.4, 0.5, 0.5, 0.6, 0.7].enumerated() {
      lines.append(#"{"event": "on_epoch_begin", "epoch": \#(epoch), "step": \#(epoch)}"#)
      lines.append(
        #"{"event": "on_epoch_end", "epoch": \#(epoch), "step": \#(epoch + 1), "logs": {"loss": \#(loss)}}"#)
    }
    lines.append(
      #"{"event": "on_train_end", "epoch": 7, "step": 8, "outcome": "interrupted", "text": "Ctrl-C"}"#)
    return try folder.write("events.jsonl", lines.joined(separator: "\n") + "\n")
  }

  @Test func `several settings are told apart in one table`() throws {
    let folder = try TemporaryFolder()
    _ = try recording(in: folder)
    let result = try trainyard(
      "replay", folder.path, "--callback", "early-stopping:monitor=loss,patience=1", "--callback",
      "early-stopping:monitor=loss,patience=3", "--callback", "early-stopping:monitor=loss,patience=5",
      "--callback", "reduce-lr-on-plateau:monitor=loss,patience=2,factor=0.1", "--callback",
      "model-checkpoint:monitor=loss,save_best_only=true")
    #expect(result.status == 0)
    #expect(result.errors == "")
    for words in [
      "early-stopping:monitor=loss,patience=1                   in epoch 3 of 8     of epoch 3 ",
      "early-stopping:monitor=loss,patience=3                   in epoch 7 of 8     of epoch 7 ",
      "early-stopping:monitor=loss,patience=5                   never, in 8 epochs  of epoch 8 ",
      "2 changes, to 0.005", "The run itself ended after epoch 8",
      "  stop: loss has not improved for 1 epoch (best 0.6 in epoch 2)",
      "  learning_rate: from 0.5 to 0.05 in epoch 6", "  saved checkpoints/best.safetensors in epoch 4",
    ] { #expect(result.output.contains(words), "\(words)\n\(result.output)") }
  }

  @Test func `the same as JSON counts epochs from 0`() throws {
    let folder = try TemporaryFolder()
    let file = try recording(in: folder)
    let result = try trainyard(
      "replay", file, "--json", "--callback", "early-stopping:monitor=loss,patience=3")
    #expect(result.status == 0)
    let value = try JSONValue(parsing: result.output, from: "replay")
    let callback = try #require(value["callbacks"]?.array?.first)
    #expect(callback["stop"]?["epoch"]?.int == 6)
    #expect(callback["final_weights"]?["epoch"]?.int == 6)
    #expect(callback["options"]?["patience"]?.int == 3)
    #expect(callback["error"] == .null)
  }

  @Test func `callbacks that run together see each other's effects`() throws {
    let folder = try TemporaryFolder()
    let file = try recording(in: folder)
    let arguments = ["early-stopping:monitor=loss,patience=1", "early-stopping:monitor=loss,patience=3"]
    let result = try trainyard(
      "replay", file, "--json", "--together", "--callback", arguments[0], "--callback", arguments[1],
      "--callback",
      "csv-logger", "--output", folder("out"))
    #expect(result.status == 0)
    let value = try JSONValue(parsing: result.output, from: "replay")
    let callbacks = try #require(value["callbacks"]?.array)
    #expect(callbacks.map { $0["name"]?.string } == ["early-stopping", "early-stopping-2", "csv-logger"])
    #expect(callbacks.map { $0["stop"]?["epoch"]?.int } == [2, nil, nil])
    #expect(callbacks.allSatisfy { $0["epochs_run"]?.int == 3 })
    #expect(try readText(folder("out/together/log.csv")).split(separator: "\r\n").count == 4)
  }

  static let refused: [(words: [String], status: Int32, told: String)] = [
    (["--callback", "early-stoping"], 2, "did you mean 'early-stopping'?"),
    (
      ["--callback", "early-stopping:patience=-1"], 2,
      "option 'patience' of callback 'early-stopping' must be at least 0"
    ),
    ([], 2, "there is no callback to try"),
    (["--callback", "early-stopping:monitor=nothing"], 1, ""),
    (["--callback", "early-stopping", "--fit", "0"], 2, "fits are counted from 1"),
  ]

  @Test(arguments: refused)
  func `what cannot be replayed is told`(words: [String], status: Int32, told: String) throws {
    let folder = try TemporaryFolder()
    let file = try recording(in: folder)
    let result = try Shell.run([try builtFolder() + "/trainyard", "replay", file] + words)
    #expect(result.status == status, "\(result.errors)")
    #expect(result.errors.contains(told), "\(result.errors)")
  }

  @Test func `the help says which callbacks act for real`() throws {
    let help = try trainyard("replay", "--help").output.split(whereSeparator: \.isWhitespace).joined(
      separator: " ")
    #expect(help.contains("two callbacks act for real"), "\(help)")
    #expect(help.contains("remote-monitor posts to its server, and call calls its C function"), "\(help)")
  }

  @Test func `a trace is replayed with its own callback, or another`() throws {
    let file = OracleTests.folder + "/early_stopping.jsonl"
    let own = try trainyard("replay", file, "--case", "early_stopping-s1-0000")
    #expect(own.status == 0)
    #expect(own.output.contains("early-stopping as in the trace"))
    let other = try trainyard("replay", file, "--case", "1", "--callback", "csv-logger")
    #expect(other.output.contains("1 file"))
    let none = try trainyard("replay", file, "--callback", "csv-logger")
    #expect(none.status == 2)
    #expect(none.errors.contains("150 cases, and none is chosen"))
  }

  @Test func `traces end with how many passed and failed`() throws {
    let passed = try trainyard("traces", OracleTests.folder + "/csv_logger.jsonl")
    #expect(passed.output == "40 passed, 0 failed\n")
    #expect(passed.status == 0)

    let folder = try TemporaryFolder()
    let line = try readText(OracleTests.folder + "/csv_logger.jsonl").split(separator: "\n")[0]
    let mark = try #require(line.firstRange(of: #""expected":{"content":""#))
    let lie = line[..<mark.upperBound] + "x" + line[mark.upperBound...]
    try folder.write("lies.jsonl", "\(line)\n\(lie)\n")
    let failed = try trainyard("traces", folder.path)
    #expect(failed.status == 1)
    #expect(failed.output.hasSuffix("\n1 passed, 1 failed\n"))
    #expect(failed.output.contains("csv_logger-s1-0000: \(folder.path)/lies.jsonl:2:1\n  content: expected"))
  }

  @Test func `a line or file that is no case counts as failed, and the others are tried`() throws {
    let folder = try TemporaryFolder()
    let line = try readText(OracleTests.folder + "/csv_logger.jsonl").split(separator: "\n")[0]
    try folder.write("a.jsonl", "\(line)\nnot JSON\n{\"case\": 1}\n\(line)\n{\"case\"")
    try folder.write("c.jsonl", "\(line)\n")
    try Shell.check(["mkdir", folder("b.jsonl")])
    let result = try trainyard("traces", folder.path)
    #expect(result.status == 1)
    for place in ["a.jsonl:2\n", "a.jsonl:3\n  'case' must be a text", "a.jsonl:5\n  line 5", "b.jsonl\n"] {
      #expect(result.output.contains("no case: \(folder.path)/\(place)"), "\(result.output)")
    }
    #expect(result.output.hasSuffix("\n3 passed, 4 failed\n"), "\(result.output)")
  }

  @Test func `a folder without cases ends with no passed and no failed, and is an error`() throws {
    let folder = try TemporaryFolder()
    for text in [nil, "\n"] {
      if let text { try folder.write("empty.jsonl", text) }
      let result = try trainyard("traces", folder.path)
      #expect(result.status == 1)
      #expect(result.output == "0 passed, 0 failed\n")
      #expect(result.errors.contains("in '\(folder.path)'"), "\(result.errors)")
    }
    let absent = try trainyard("traces", folder("absent"))
    #expect(absent.status == 1)
    #expect(absent.output.hasSuffix("\n0 passed, 1 failed\n"), "\(absent.output)")
  }
}
