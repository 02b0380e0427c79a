import PluginHost
import Support

/// Libraries that tests build from C, each with one thing that is special.
struct Fixture {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static var sources: String { componentsFolder }

  /// A library of four working components, whose entry runs `statements` first.
  /// - Parameter functions: C that stands before the entry.
  func library(_ statements: String = "", _ functions: String = "", name: String = "fixture") throws -> String
  {
    try compileComponents(statements, functions, as: name, in: folder)
  }

  /// A library of one of the files in `Fixtures`.
  func library(file: String) throws -> String {
    try compileLibrary(["\(Self.sources)/\(file).c"], as: file, in: folder, flags: ["-I", Self.sources])
  }

  func component(
    _ id: String, _ statements: String = "", _ functions: String = ""
  ) throws -> ComponentDescription {
    try component(id, in: try library(statements, functions))
  }

  func component(_ id: String, in path: String) throws -> ComponentDescription {
    guard let found = try PluginLibrary.open(path).components.first(where: { $0.id == id }) else {
      throw TestError("\(path) has no '\(id)'")
    }
    return found
  }
}

/// The error that `body` throws, or `nil`.
func error<E: Error>(_ type: E.Type = E.self, _ body: () throws -> Void) throws -> E? {
  do {
    try body()
    return nil
  } catch let error as E {
    return error
  }
}
