import CTrainyard

/// What a component says of itself: read when its library was opened, checked, and never changed afterwards.
/// Nothing of the plugin runs to make it but the library's entry.
public final class ComponentDescription: Sendable {
  public let kind: PluginKind
  /// What users write.
  public let id: String
  public let version: String
  /// One sentence.
  public let summary: String
  public let options: [OptionRow]
  /// The hooks that a callback has, such as `on_epoch_end`; empty for other kinds.
  public let hooks: [String]
  /// The other optional slots that are there, such as `state_save`, `merge`, `whole`, `snapshot_take`.
  public let slots: [String]
  /// `TY_CALLBACK_…` or `TY_MONITOR_…`.
  public let flags: UInt32
  /// The library that holds it, as an absolute path.
  public let libraryPath: String
  /// What it was compared with when it was opened.
  let pins: LibraryPins?
  /// An SPDX expression.
  public let license: String?
  public let author: String?
  /// What the library was built for, such as `0.1`.
  public let abi: String

  /// The plugin's own; `create` is handed it. Lives as long as the library, that is for ever. `nil` where the library
  /// is open in another process only.
  nonisolated(unsafe) let pointer: UnsafePointer<ty_component>?
  let table: ComponentTable?

  /// Whether the library was opened by another process, which alone can make instances of it.
  public var isElsewhere: Bool { pointer == nil }

  init(
    kind: PluginKind, id: String, version: String, summary: String, options: [OptionRow],
    library: LibraryFacts, pointer: UnsafePointer<ty_component>, table: ComponentTable
  ) {
    self.kind = kind
    self.id = id
    self.version = version
    self.summary = summary
    self.options = options
    self.pointer = pointer
    self.table = table
    hooks = table.hooks
    slots = table.optionalSlots.filter(\.isFilled).map(\.name)
    flags = table.flags
    libraryPath = library.path
    pins = library.pins
    license = library.license
    author = library.author
    abi = library.abi
  }

  /// What another process has found.
  package init(
    kind: PluginKind, id: String, version: String, summary: String, options: [OptionRow],
    library: LibraryFacts, hooks: [String], slots: [String], flags: UInt32
  ) {
    self.kind = kind
    self.id = id
    self.version = version
    self.summary = summary
    self.options = options
    self.hooks = hooks
    self.slots = slots
    self.flags = flags
    pointer = nil
    table = nil
    libraryPath = library.path
    pins = library.pins
    license = library.license
    author = library.author
    abi = library.abi
  }

  /// The row of `key`, or `nil`.
  public func option(_ key: String) -> OptionRow? { options.first { $0.key == key } }

  /// For a monitor that measures the process and is never given a batch.
  public var isSample: Bool { kind == .monitor && flags & UInt32(TY_MONITOR_SAMPLE) != 0 }
  /// For a callback that is called in every process of a run.
  public var runsOnEveryRank: Bool { kind == .callback && flags & UInt32(TY_CALLBACK_EVERY_RANK) != 0 }
}

/// What is said once for all components of a library.
package struct LibraryFacts: Sendable {
  var path: String
  var abi: String
  var license: String?
  var author: String?
  var pins: LibraryPins?

  package init(
    path: String, abi: String, license: String? = nil, author: String? = nil, pins: LibraryPins? = nil
  ) {
    self.path = path
    self.abi = abi
    self.license = license
    self.author = author
    self.pins = pins
  }
}

extension ComponentDescription {
  /// A number that changes with any function of the table.
  package var tableDigest: String {
    func digest<Table>(_ table: Table) -> UInt64 {
      withUnsafeBytes(of: table) {
        $0.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
      }
    }
    let number: UInt64 =
      switch table {
      case .callback(let table): digest(table)
      case .model(let table): digest(table)
      case .monitor(let table): digest(table)
      case .dataset(let table): digest(table)
      case nil: 0  // in another process
      }
    return String(number, radix: 16)
  }
}
