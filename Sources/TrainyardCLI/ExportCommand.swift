import ArgumentParser
import Trainyard

/// `trainyard export`: a trained model for programs that know nothing of Trainyard.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Writes a trained mlp as an ONNX model.",
    discussion: """
        trainyard export runs/20260101-120000 --output model.onnx

      Preprocessing, classes and their names are in the model: it takes what is in the data. See docs/runs.md.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case onnx }

  @Argument(help: "The folder of a run, or the model/ in it.", completion: .directory)
  var folder: String
  @Option(help: "The format.")
  var format = Format.onnx
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "A file, written whole or not at all; else model.onnx in the folder.", valueName: "file"))
  var output: String?
  @Option(help: "What numbers are given as: f32, or f64 where they have more than seven digits.")
  var numbers = ONNXModel.NumberType.f32

  func run() throws {
    let model = try ONNXModel(try ModelFolder(folder), numbers: numbers)
    let path = output ?? folder + (folder.hasSuffix("/") ? "" : "/") + "model.onnx"
    try AtomicFile.write(model.bytes, to: path)
    try StandardOutput.write("wrote \(path), \(model.bytes.count) bytes\n")
  }
}

extension ONNXModel.NumberType: ExpressibleByArgument {}
