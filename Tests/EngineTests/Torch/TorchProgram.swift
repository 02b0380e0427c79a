import Glibc
import Support
import Testing

/// Whether the model `torch` was built: where there is no libtorch it is left out.
let hasTorch = (try? builtLibrary("torch")) != nil

/// The program in a folder of its own, with modules that Python has made and data that fits them.
final class TorchProgram {
  let folder = Result { try TemporaryFolder() }
  private let program: String

  /// The interpreter that has torch: `TORCH_PYTHON`, or Debian's.
  static let python = getenv("TORCH_PYTHON").map { String(cString: $0) } ?? "/usr/bin/python3"
  static let fixtures =
    "\(#filePath)".split(separator: "/", omittingEmptySubsequences: false).dropLast()
    .joined(separator: "/") + "/Fixtures"

  init() throws {
    program = try builtFolder() + "/trainyard"
    // Made once for all tests: torch takes seconds to start.
    let modules = try Self.modules.get()
    for name in ["data.csv", "weighted.csv", "classes.csv"] {
      _ = try Shell.check(["cp", modules + "/" + name, path])
    }
  }

  var path: String { get throws { try folder.get().path } }

  /// Beside the test runner, made anew by each.
  private static let modules: Result<String, any Error> = Result {
    let folder = try builtFolder() + "/torch-modules"
    try Shell.check(["mkdir", "-p", folder])
    try Shell.check([python, fixtures + "/modules.py", folder])
    return folder
  }

  /// The module of that name; see `modules.py`.
  static func module(_ name: String) throws -> String { try modules.get() + "/\(name).pt" }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String { try folder.get().write(name, text) }

  func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Shell.Result {
    try Shell.run(
      [program] + arguments, in: path, environment: variables.merging(environment) { $1 })
  }

  private var variables: [String: String] {
    get throws { ["HOME": try path, "XDG_DATA_HOME": "", "TRAINYARD_PLUGIN_PATH": ""] }
  }

  func write(_ name: String, _ bytes: [UInt8]) throws { try folder.get().write(name, bytes) }

  /// Runs a script of the fixtures in the program's folder.
  func python(_ script: String, _ arguments: String...) throws -> Shell.Result {
    try Shell.run([Self.python, Self.fixtures + "/" + script] + arguments, in: path)
  }

  func text(_ name: String) throws -> String { try readText(path + "/" + name) }
  func bytes(_ name: String) throws -> [UInt8] { try readFile(path + "/" + name) }
}

extension TorchProgram {
  /// Trains over `data.csv` in its order; `model` stands after the plugin and the module.
  func pipeline(
    module: String, model: String = "", data: String = "file: data.csv, target: y", train: String = "",
    rest: String = ""
  ) throws -> String {
    """
    data: {train: {dataset: csv, \(data)}}
    model: {plugin: torch, module: \(try Self.module(module))\(model.isEmpty ? "" : ", " + model)}
    train: {epochs: 3, batch_size: 16, seed: 5, shuffle: false, threads: 1\(train.isEmpty ? "" : ", " + train)}
    output: {folder: runs}
    \(rest)
    """
  }
}
