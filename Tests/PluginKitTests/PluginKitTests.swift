import CTrainyard
import Glibc
import PluginHost
import Support
import Testing

/// What an author writes in Swift, seen from the other side of the header.
@Suite struct PluginKitTests {
  // MARK: Descriptions

  @Test func `one library carries several components`() throws {
    let library = try SwiftFixture.library.get().0
    #expect(library.components.map(\.id) == ["every-option", "constant"])
    #expect(library.components.map(\.kind) == [.callback, .monitor])
    #expect(library.components[0].version == "1.2.3")
    #expect(library.components[0].license == "Apache-2.0")
    #expect(library.components[1].isSample)
  }

  @Test func `only the hooks that a class implements are in its table`() throws {
    #expect(try SwiftFixture.component("every-option").hooks == ["on_train_begin", "on_epoch_end"])
  }

  @Test func `options are described by their properties`() throws {
    let rows = try SwiftFixture.component("every-option").options
    #expect(
      rows.map(\.key) == [
        "is_on", "how_many", "min_delta", "title", "colour", "file", "limit", "monitor", "table", "sizes",
        "baseline",
        "token", "rest",
      ])
    #expect(
      rows.map(\.type) == [
        .bool, .int, .float, .string, .choice, .path, .duration, .metric, .table, .int, .float, .string,
        .rest,
      ])
    #expect(rows.filter(\.isRequired).map(\.key) == ["file"])
    #expect(rows.filter(\.isList).map(\.key) == ["sizes"])
    #expect(rows.filter(\.isSecret).map(\.key) == ["token"])
    #expect(rows.compactMap(\.range) == ["[1, 10]", "(0, )"])
    #expect(rows[1].unit == "things")
    #expect(rows[4].choices == ["red", "green", "deep-blue"])
    #expect(
      rows.map { $0.defaultText ?? "none" } == [
        "true", "3", "0.5", #""a \"quoted\" text""#, "deep-blue", "none", "90.0s", "val_loss", "{}",
        "[128, 64]", "none",
        #""""#, "{}",
      ])
  }

  // MARK: Options

  @Test func `values and defaults arrive`() throws {
    let services = RecordingServices()
    let options: [String: OptionValue] = [
      "file": .text("/data/x.csv"), "how_many": .int(5), "sizes": .list([.int(1), .int(2)]),
      "baseline": .float(0.25),
    ]
    let callback = try callback(options, services)
    try callback.reset()
    try callback.call(TY_HOOK_TRAIN_BEGIN, TestEvent(epoch: 0, [:]), services)
    #expect(
      services.takeEffects() == [
        #"log info "true 5 0.5 a "quoted" text deep-blue /data/x.csv 90.0 val_loss {} [1, 2] 0.25  {}""#
      ])
  }

  @Test func `an error in create has the plugin's words and help`() throws {
    let failure = #expect(throws: PluginFailure.self) {
      try callback(["file": .text("/x"), "how_many": .int(7)], RecordingServices())
    }
    #expect(failure?.call == "create")
    #expect(failure?.words == "seven is not possible\nhelp: take eight")
  }

  @Test func `an error in a hook has the plugin's words`() throws {
    let services = RecordingServices()
    let callback = try started(services)
    let failure = #expect(throws: PluginFailure.self) {
      try callback.call(TY_HOOK_EPOCH_END, TestEvent(epoch: 4, [:]), services)
    }
    #expect(failure?.words == "no value in epoch 4")
    #expect(failure?.call == "on_epoch_end")
  }

  // MARK: Reset and state

  @Test func `reset gives back the state of a new instance`() throws {
    let services = RecordingServices()
    let callback = try started(services)
    let new = try callback.saveState()
    try callback.call(TY_HOOK_EPOCH_END, TestEvent(epoch: 0, ["val_loss": 3]), services)
    #expect(try callback.saveState() != new)
    try callback.reset()
    #expect(try callback.saveState() == new)
  }

  @Test func `state is saved under the names of the properties`() throws {
    let services = RecordingServices()
    let callback = try started(services)
    #expect(try callback.saveState()["best?"] == .int(1))
    try callback.call(TY_HOOK_EPOCH_END, TestEvent(epoch: 0, ["val_loss": 3]), services)
    let state = try callback.saveState()
    #expect(state["best"] == .float(3))
    #expect(state["best?"] == nil)
    #expect(state["epochs"] == .int(1))
    #expect(state["is_warm"] == nil && state["isWarm"] == .int(1))
    #expect(state["seen.count"] == .int(1))
    #expect(state["seen.0.name"] == .bytes(Array("epoch 0".utf8)))
    #expect(state["bits"] == .int(-2))
  }

  @Test func `a loaded instance goes on where the saved one was`() throws {
    let services = RecordingServices()
    let first = try started(services)
    try first.call(TY_HOOK_EPOCH_END, TestEvent(epoch: 0, ["val_loss": 3]), services)
    let second = try callback(["file": .text("/x")], services)
    try second.reset()
    try second.loadState(try first.saveState())
    try second.call(TY_HOOK_TRAIN_BEGIN, TestEvent(epoch: 0, [:]), services)
    _ = services.takeEffects()
    for callback in [first, second] {
      try callback.call(TY_HOOK_EPOCH_END, TestEvent(epoch: 1, ["val_loss": 5]), services)
    }
    let said = services.takeEffects()
    #expect(said.count == 2 && said[0] == said[1])
    #expect(said[0].contains("best 3.0 of 2"))
    #expect(try first.saveState() == second.saveState())
  }

  @Test func `loading nothing equals a reset, and a missing key keeps its default`() throws {
    let services = RecordingServices()
    let callback = try started(services)
    let new = try callback.saveState()
    try callback.reset()
    try callback.loadState([:])
    #expect(try callback.saveState() == new)
    try callback.reset()
    try callback.loadState(["epochs": .int(7)])
    var expected = new
    expected["epochs"] = .int(7)
    #expect(try callback.saveState() == expected)
  }

  static let damaged: [(SavedState, String)] = [
    (["epochs": .bytes([1])], "'epochs' should be an integer"),
    (["best": .bytes([1])], "'best'"),
    (["seen.count": .int(2)], "'seen.0.name'"),
    (["seen.count": .int(-1)], "'seen'"),
    (["seen.count": .int(1), "seen.0.name": .bytes([0xff]), "seen.0.values": .float(1)], "'seen.0"),
  ]

  @Test(arguments: damaged)
  func `damaged state is an error that names the key`(state: SavedState, key: String) throws {
    let callback = try callback(["file": .text("/x")], RecordingServices())
    try callback.reset()
    let failure = #expect(throws: PluginFailure.self) { try callback.loadState(state) }
    #expect(failure?.words.contains("the saved state is damaged: ") == true)
    #expect(failure?.words.contains(key) == true, "\(failure?.words ?? "")")
  }

  // MARK: The entry

  @Test func `the entry gives the same module each time, and refuses another version`() throws {
    let folder = try SwiftFixture.library.get().1
    let handle = try #require(dlopen(folder("libeverything.so"), RTLD_NOW | RTLD_LOCAL))
    let symbol = try #require(dlsym(handle, "trainyard_plugin"))
    typealias Entry = @convention(c) (UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>?
    let entry = unsafeBitCast(symbol, to: Entry.self)
    var args = ty_entry_args()
    args.struct_size = UInt32(MemoryLayout<ty_entry_args>.size)
    args.abi_major = UInt32(TY_ABI_MAJOR)
    args.abi_minor = UInt32(TY_ABI_MINOR)
    let module = entry(&args)
    #expect(module != nil && module == entry(&args))
    let words = Words()
    args.abi_minor += 1
    args.context = Unmanaged.passUnretained(words).toOpaque()
    args.refuse = { context, text in
      guard let context, let text else { return }
      Unmanaged<Words>.fromOpaque(context).takeUnretainedValue().text = String(cString: text)
    }
    #expect(entry(&args) == nil)
    #expect(words.text.hasPrefix("built for ABI \(TY_ABI_MAJOR).\(TY_ABI_MINOR), and this host speaks ABI"))
    #expect(entry(nil) == nil)
  }

  private final class Words {
    var text = ""
  }

  // MARK: Help

  private func callback(
    _ options: [String: OptionValue], _ services: RecordingServices
  ) throws -> CallbackInstance {
    try CallbackInstance(
      component: try SwiftFixture.component("every-option"), name: "every-option", options: options,
      services: services)
  }

  private func started(_ services: RecordingServices) throws -> CallbackInstance {
    let callback = try callback(["file": .text("/x")], services)
    try callback.reset()
    try callback.call(TY_HOOK_TRAIN_BEGIN, TestEvent(epoch: 0, [:]), services)
    _ = services.takeEffects()
    return callback
  }
}
