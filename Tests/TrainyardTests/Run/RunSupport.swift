import Support
import Testing

@testable import Trainyard

/// A small training with the built-in plugins, in a folder that goes away with it.
struct Moons {
  let folder: TemporaryFolder
  var callbacks = "[]"
  var epochs = 2
  var extra = ""

  init() throws { folder = try TemporaryFolder() }

  var plan: Plan {
    get throws {
      let text = """
        data:
          train: {dataset: synthetic, shape: moons, rows: 200, noise: 0.2}
          validation: {fraction: 0.25}
        model: {plugin: mlp, hidden: [8], learning_rate: 0.02}
        train: {epochs: \(epochs), batch_size: 25, seed: 3}
        monitors: [accuracy]
        callbacks: \(callbacks)
        output: {folder: "\(folder("runs"))"}
        plugins: {path: ["\(try builtFolder())"]}
        \(extra)
        """
      return try Pipeline(ConfigReader.read(text: text, file: "moons.yaml"), baseFolder: folder.path).plan()
    }
  }
}

extension RunReport {
  /// All that a run gave, without what the clock and the folder's name had a part in.
  func timeless() throws -> [String] {
    let result = self.result
    let metrics = result.epochs.flatMap { epoch in epoch.metrics.map { "\($0.name) \($0.value.bitPattern)" } }
    let facts = [result.outcome.name, result.reason, result.stoppedBy ?? "", "\(result.steps)"]
    let files = try files().sorted { $0.key < $1.key }.flatMap { name, bytes in
      name.hasSuffix(".safetensors")
        ? ["\(name): \(bytes)"]
        : String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { "\(name): \($0)" }
    }
    let name = PathName.last(of: folder ?? "")
    return (facts + metrics + warnings + files).map {
      $0.split(separator: name).joined(separator: "<run>").replacing(#/, "seconds": [-+.0-9e]+/#, with: "")
    }
  }

  /// The files of the run's folder, with their bytes; the summary tells of seconds.
  func files() throws -> [String: [UInt8]] {
    let folder = try #require(folder)
    let names = try Shell.check(["find", ".", "-type", "f"], in: folder).output.split(separator: "\n")
    var files: [String: [UInt8]] = [:]
    for name in names where name != "./summary.json" {
      files[String(name)] = try readFile("\(folder)/\(name)")
    }
    return files
  }
}
