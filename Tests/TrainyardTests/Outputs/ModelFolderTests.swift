import Support
import Testing
import Training

@testable import Trainyard

@Suite struct ModelFolderTests {
  @Test func `a run's model is read back`() throws {
    let moons = try Moons()
    let run = try #require(try moons.plan.run().folder)
    for path in [run, run + "/model"] {
      let model = try ModelFolder(path)
      #expect(model.modelID == "mlp" && model.options["hidden"] == [8])
      #expect(model.task.kind == .binary && model.task.featureShape == [2])
      #expect(model.preprocessing.features.map(\.name) == ["x"])
      let weights = try SafeTensors.read(run + "/model/weights.safetensors").tensors
      #expect(model.weights.map(\.name) == weights.map(\.name) && model.weights.count == 4)
    }
  }

  /// A file of the folder, a text in it and what takes its place (`nil`: the file is gone), and what is said then.
  static let damages: [(file: String, text: String, becomes: String?, says: String)] = [
    ("model.json", "", nil, "there is no model.json in it"),
    ("model.json", "{", "", "model.json"),
    ("model.json", "\"schema\": 1", "\"schema\": 2", "its schema is 2, and this version reads 1"),
    ("model.json", "\"schema\": 1,", "", "its schema is none, and this version reads 1"),
    ("model.json", "\"plugin\"", "\"plugim\"", "its plugin, options or task is missing or damaged"),
    ("model.json", "\"binary\"", "\"poetry\"", "its plugin, options or task is missing or damaged"),
    (
      "model.json", "\"output_width\": 1", "\"output_width\": 0",
      "its plugin, options or task is missing or damaged"
    ),
    ("preprocessing.json", "", nil, "preprocessing.json"),
    ("preprocessing.json", "{", "", "it cannot be read"),
    ("preprocessing.json", "\"features\"", "\"fetures\"", "no 'features'"),
    ("weights.safetensors", "", nil, "weights.safetensors"),
    ("weights.safetensors", "F32", "F64", "is not a whole safetensors file"),
  ]

  @Test func `damaged files are refused in words`() throws {
    let moons = try Moons()
    let folder = try #require(try moons.plan.run().folder) + "/model"
    for damage in Self.damages {
      let path = folder + "/" + damage.file
      let whole = try readFile(path)
      if let new = damage.becomes {
        let at = try #require(
          whole.indices.first { whole[$0...].starts(with: damage.text.utf8) }, "\(damage.text)")
        let rest = whole[(at + damage.text.utf8.count)...]
        try AtomicFile.write(whole[..<at] + Array(new.utf8) + rest, to: path)
      } else {
        try Shell.check(["rm", path])
      }
      let error = #expect(throws: (any Error).self, "\(damage.file) \(damage.text)") {
        try ModelFolder(folder)
      }
      #expect("\(error.map { "\($0)" } ?? "")".contains(damage.says), "\(damage)")
      try AtomicFile.write(whole, to: path)
    }
    #expect(try ModelFolder(folder).weights.count == 4, "whole again")
  }
}
