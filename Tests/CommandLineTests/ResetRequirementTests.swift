import Support
import Testing

/// The first of the three places that enforce the reset contract: the compiler.
@Suite struct ResetRequirementTests {
  @Test func `a callback without reset() does not compile`() throws {
    guard try Shell.run(["env", "which", "swiftc"]).status == 0 else {
      print("skipped: there is no swiftc in PATH")
      return
    }
    let folder = try TemporaryFolder()
    let whole = try typecheck(Self.source(reset: "func reset() {}"), in: folder)
    #expect(whole.status == 0, "\(whole.errors)")
    let without = try typecheck(Self.source(reset: ""), in: folder)
    #expect(without.status != 0)
    #expect(
      without.errors.contains("type 'Counter' does not conform to protocol 'Callback'"), "\(without.errors)")
    #expect(without.errors.contains("reset()"), "\(without.errors)")
  }

  private static func source(reset: String) -> String {
    """
    import PluginKit

    final class Counter: Callback {
      static let about = About(id: "counter", version: "1.0.0", summary: "Counts epochs.")
      private var epochs = 0
      init() {}
      \(reset)
      func onEpochEnd(_ event: Event) throws { epochs += 1 }
    }
    """
  }

  private func typecheck(_ source: String, in folder: TemporaryFolder) throws -> Shell.Result {
    let file = try folder.write("Counter.swift", source)
    let built = try builtFolder()
    return try Shell.run([
      "swiftc", "-typecheck", "-swift-version", "6", "-module-name", "Counter", "-I", built + "/Modules",
      "-I", headerFolder, "-Xcc", "-fmodule-map-file=\(built)/CTrainyard.build/module.modulemap", file,
    ])
  }
}
