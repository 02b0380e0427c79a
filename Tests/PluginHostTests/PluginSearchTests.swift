import Glibc
import PluginHost
import Support
import Testing

@Suite struct PluginSearchTests {
  let fixture: Fixture
  let search: PluginSearch

  /// Two folders: `first` has a library of one callback under its own name and one of four components under another;
  /// `second` has an older callback of the same id. Beside them lies what is no plugin.
  init() throws {
    fixture = try Fixture()
    for folder in ["first", "second"] { mkdir(fixture.folder(folder), 0o755) }
    let one = "callback.id = \"early-stopping\", module.component_count = 1"
    rename(try fixture.library(one, name: "one"), fixture.folder("first/libearly-stopping.so"))
    rename(try fixture.library(name: "four"), fixture.folder("first/libfour.so"))
    rename(
      try fixture.library(one + ", callback.version = \"0.1\"", name: "old"),
      fixture.folder("second/libearly-stopping.so"))
    rename(try fixture.library("module.abi_major = 9", name: "newer"), fixture.folder("second/libnewer.so"))
    try fixture.folder.write("first/libnotes.so", "not a library\n")
    try fixture.folder.write("first/notes.txt", "not a library\n")
    let other = try fixture.folder.write("other.c", "int other = 1;\n")
    rename(try compileLibrary([other], as: "other", in: fixture.folder), fixture.folder("first/libother.so"))
    search = PluginSearch(
      folders: [fixture.folder("none"), fixture.folder("first"), fixture.folder("second")])
  }

  @Test func `an id is found by the name of its file, in the first folder that has it`() throws {
    let found = try search.find("early-stopping", kind: .callback)
    #expect(found.libraryPath.hasSuffix("/first/libearly-stopping.so"))
    #expect(found.version == "1.2.0")
  }

  @Test func `an id is found in a library of another name`() throws {
    #expect(try search.find("a-model", kind: .model).libraryPath.hasSuffix("/first/libfour.so"))
    #expect(try search.find("a-dataset").kind == .dataset)
  }

  @Test func `everything is listed once, with what cannot be opened`() throws {
    let (components, problems) = search.all()
    #expect(components.map(\.id) == ["a-callback", "a-dataset", "a-model", "a-monitor", "early-stopping"])
    #expect(problems.map(\.code) == [.abiMismatch])
    #expect(problems.first?.path.hasSuffix("/second/libnewer.so") == true)
  }

  typealias Miss = (
    reference: String, kind: PluginKind?, component: String?, code: LoadError.Code, detail: String,
    remedy: String
  )

  static let misses: [Miss] = [
    (
      "early-stoping", .callback, nil, .noSuchPlugin, "no callback has that id",
      "did you mean 'early-stopping'? `trainyard list` shows all 5, and what is wrong with 1 that cannot be opened"
    ),
    (
      "xgboost", nil, nil, .noSuchPlugin, "no plugin has that id",
      "`trainyard list` shows all 5, and what is wrong with 1 that cannot be opened"
    ),
    (
      "a-model", .callback, nil, .otherKind, "it is a model, and a callback is needed here",
      "`trainyard list` shows the kinds"
    ),
    (
      "early-stopping", .monitor, nil, .otherKind, "it is a callback, and a monitor is needed here",
      "`trainyard list` shows the kinds"
    ),
    (
      "first/libfour.so", nil, nil, .severalComponents,
      "it has several components: a-callback, a-model, a-monitor, a-dataset",
      "choose one with `component: a-callback`"
    ),
    (
      "first/libfour.so", nil, "a-modle", .noSuchComponent, "it has no component 'a-modle'",
      "did you mean 'a-model'? it has: a-callback, a-model, a-monitor, a-dataset"
    ),
    (
      "first/libfour.so", .callback, "a-model", .otherKind, "it is a model, and a callback is needed here",
      "`trainyard list` shows the kinds"
    ),
    (
      "first/libearly-stopping.so", .model, nil, .otherKind, "it has no model, which is needed here",
      "it has: early-stopping (callback)"
    ),
    (
      "first/none.so", nil, nil, .noSuchFile, "there is no such file",
      "check the path; `trainyard list` shows the plugins that are found"
    ),
    (
      "none.so", nil, nil, .noSuchFile, "no folder of the search path has a file of that name",
      "for a file in the working directory, write it with a path: './libmine.so'"
    ),
  ]

  @Test(arguments: misses)
  func `a reference that leads nowhere says what to do`(_ miss: Miss) throws {
    let found = try error(LoadError.self) {
      _ = try search.find(
        miss.reference, kind: miss.kind, component: miss.component, relativeTo: fixture.folder.path)
    }
    #expect(found?.code == miss.code)
    #expect(found?.detail == miss.detail)
    #expect(found?.remedy == miss.remedy)
    #expect(found?.path == (miss.code == .otherKind ? miss.component ?? miss.reference : miss.reference))
  }

  @Test func `a path chooses by kind or by component`() throws {
    let base = fixture.folder.path
    #expect(try search.find("first/libfour.so", kind: .monitor, relativeTo: base).id == "a-monitor")
    #expect(try search.find("first/libfour.so", component: "a-model", relativeTo: base).id == "a-model")
    #expect(try search.find("libfour.so", kind: .model).id == "a-model")
    #expect(try search.find(base + "/first/libearly-stopping.so").id == "early-stopping")
  }

  @Test func `a broken library under the very name is not passed over`() throws {
    rename(fixture.folder("second/libnewer.so"), fixture.folder("first/liba-monitor.so"))
    #expect(try error(LoadError.self) { _ = try search.find("a-monitor") }?.code == .abiMismatch)
  }

  @Test func `the standard folders are in their order`() {
    let variables = [
      "TRAINYARD_PLUGIN_PATH": "/a::relative:/b", "XDG_DATA_HOME": "/data", "HOME": "/home/me",
    ]
    let folders = PluginSearch.standard(explicit: ["/x"], project: "/p/plugins") { variables[$0] }.folders
    #expect(folders.prefix(5) == ["/x", "/p/plugins", "/a", "/b", "/data/trainyard/plugins"])
    #expect(folders.count == 7)
    let atHome = PluginSearch.standard { ["HOME": "/home/me", "XDG_DATA_HOME": "relative"][$0] }.folders
    #expect(atHome.first == "/home/me/.local/share/trainyard/plugins")
    #expect(folders[5].hasSuffix("/../lib/trainyard/plugins"))
  }
}
