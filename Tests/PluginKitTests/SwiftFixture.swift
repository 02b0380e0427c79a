import Glibc
import PluginHost
import Support
import Testing

/// The library of `Fixtures/Everything.swift`, built once as an author without SwiftPM would: with the compiler, the
/// built module and its objects.
enum SwiftFixture {
  nonisolated(unsafe) static let library: Result<(PluginLibrary, TemporaryFolder), any Error> = Result {
    try build()
  }

  static func component(_ id: String) throws -> ComponentDescription {
    try #require(try library.get().0.components.first { $0.id == id })
  }

  /// What a compiler needs to find PluginKit.
  static func compilerFlags() throws -> [String] {
    let built = try builtFolder()
    return [
      "-swift-version", "6", "-parse-as-library", "-I", built + "/Modules", "-I", headerFolder,
      "-Xcc", "-fmodule-map-file=\(built)/CTrainyard.build/module.modulemap",
    ]
  }

  private static func build() throws -> (PluginLibrary, TemporaryFolder) {
    let folder = try TemporaryFolder()
    let source = packageFolder() + "/Tests/PluginKitTests/Fixtures/Everything.swift"
    let objects = try Shell.check(["sh", "-c", "ls \(try builtFolder())/PluginKit.build/*.swift.o"]).output
      .split(separator: "\n").map(String.init)
    try Shell.check(
      ["swiftc", "-module-name", "Everything", "-emit-library"] + (try compilerFlags()) + [source] + objects
        + ["-o", folder("libeverything.so")])
    return (try PluginLibrary.open(folder("libeverything.so")), folder)
  }
}
