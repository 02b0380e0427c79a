import BoosterCore
import PluginKit
import Testing

@Suite struct EngineLibraryTests {
  private let search = EngineSearch(
    engine: "Nothing", variable: "TRAINYARD_NOTHING_LIBRARY", names: ["libnothing-at-all.so.1"], packaged: [],
    installation: "apt-get install libnothing1, or pip install nothing", mark: "NothingVersion")

  @Test func `a missing library names the package to install`() {
    let error = #expect(throws: PluginError.self) { try EngineLibrary(search, named: nil) }
    #expect(error?.help?.contains("apt-get install libnothing1, or pip install nothing") == true)
    #expect(error?.help?.contains("TRAINYARD_NOTHING_LIBRARY") == true)
  }

  @Test func `another library than the engine's is refused`() {
    let error = #expect(throws: PluginError.self) { try EngineLibrary(search, named: "libm.so.6") }
    #expect(error?.message.contains("is not Nothing's library") == true)
  }
}
