import PluginHost

/// What a rule is checked with: the library, options that instances can be made with, random numbers, a folder, and
/// the note that tells which call was running when the process died.
///
/// ```swift
/// let host = context.host(seed: context.seed)
/// let callback = try context.callback(host)      // throws Skip where options are missing
/// try callback.reset()
/// let trace = try callback.run(.improving)       // hooks as the loop orders them
/// ```
public final class RuleContext {
  public let libraryPath: String
  /// Of the component that the rule is checked for; "" for a rule about the library.
  public let componentID: String
  public let level: Rule.Level
  /// Everything random comes from it.
  public let seed: UInt64
  /// An empty folder, which is also the working directory, and goes away with the process.
  public let scratch: String
  /// What is measured, and so differs from run to run: see `Trace.masking`.
  public let measured: Set<String>
  private let givenOptions: [(key: String, text: String)]
  private let note: CallNote?

  public init(
    libraryPath: String, componentID: String = "", level: Rule.Level = .standard, seed: UInt64 = 0,
    scratch: String, measured: Set<String> = [], options: [(key: String, text: String)] = [],
    note: CallNote? = nil
  ) {
    self.libraryPath = libraryPath
    self.componentID = componentID
    self.level = level
    self.seed = seed
    self.scratch = scratch
    self.measured = measured
    givenOptions = options
    self.note = note
  }

  public var isStrict: Bool { level >= .strict }

  // MARK: The library

  /// Opens the library as the host does. A rule about opening itself need not call it.
  public func library() throws -> PluginLibrary { try PluginLibrary.open(libraryPath) }

  public func component() throws -> ComponentDescription {
    let library = try library()
    guard let found = library.components.first(where: { $0.id == componentID }) else {
      throw CheckError("'\(libraryPath)' has no component '\(componentID)'")
    }
    return found
  }

  // MARK: Instances

  /// The user's values, and made-up ones for required options that the user has not given.
  public func options() throws -> InstanceOptions {
    try InstanceOptions(try component(), given: givenOptions, scratch: scratch)
  }

  /// A host for one instance, with its own clock, random stream, model and files.
  public func host(seed: UInt64? = nil) -> ScriptedHost {
    ScriptedHost(seed: seed ?? self.seed, folder: scratch)
  }

  /// A callback, created and not reset. Where options had to be made up and `create` refuses them, the rule is skipped.
  /// - Parameter values: Over the user's and the made-up ones.
  public func callback(
    _ host: ScriptedHost? = nil, values: [String: OptionValue] = [:], memory: any EventMemory = HeapMemory()
  ) throws -> ScriptedCallback {
    let host = host ?? self.host()
    host.memory = memory
    let component = try component()
    let made = try create(host) { options in
      try CallbackInstance(
        component: component, name: component.id, options: options.merging(values) { $1 }, services: host)
    }
    return ScriptedCallback(made, host: host, memory: memory, note: note)
  }

  /// The same in a helper process.
  public func isolatedCallback() throws -> ScriptedCallback {
    let (host, facts) = (self.host(), try callback())
    let memory = HeapMemory()
    host.memory = memory
    let component = try component()
    let settings = IsolationSettings()
    let group = try HelperGroup(name: component.id, isShared: false, settings: settings, writable: [scratch])
    let made = try create(host) { options in
      try RemoteCallback(
        group, component: component, name: component.id, options: options, settings: settings, services: host)
    }
    return ScriptedCallback(facts.instance, calling: made, host: host, memory: memory, note: note)
  }

  public func model(_ host: ScriptedHost, values: [String: OptionValue] = [:]) throws -> ModelInstance {
    let component = try component()
    return try create(host) {
      try ModelInstance(
        component: component, name: component.id, options: $0.merging(values) { $1 }, services: host)
    }
  }

  public func monitor(_ host: ScriptedHost, values: [String: OptionValue] = [:]) throws -> MonitorInstance {
    let component = try component()
    return try create(host) {
      try MonitorInstance(
        component: component, name: component.id, options: $0.merging(values) { $1 }, services: host)
    }
  }

  public func dataset(_ host: ScriptedHost, values: [String: OptionValue] = [:]) throws -> DatasetInstance {
    let component = try component()
    return try create(host) {
      try DatasetInstance(
        component: component, name: component.id, options: $0.merging(values) { $1 }, services: host)
    }
  }

  /// An instance of whatever kind the component is.
  public func instance(_ host: ScriptedHost, values: [String: OptionValue] = [:]) throws -> Instance {
    switch try component().kind {
    case .callback: try callback(host, values: values).instance
    case .model: try model(host, values: values)
    case .monitor: try monitor(host, values: values)
    case .dataset: try dataset(host, values: values)
    }
  }

  private func create<Made>(
    _ host: ScriptedHost, _ make: ([String: OptionValue]) throws -> Made
  ) throws -> Made {
    let options = try self.options()
    do {
      return try calling("create") { try host.creating { try make(options.values) } }
    } catch let failure as PluginFailure where !options.madeUp.isEmpty {
      let words = failure.words.replacing("\n", with: ", ")
      throw Skip("it needs \(options.madeUpText), by --option: create refused made-up values (\(words))")
    }
  }

  // MARK: Notes

  /// Notes the call for the case that it does not come back. Every call of a plugin goes through here, or through
  /// a `ScriptedCallback`.
  @discardableResult
  public func calling<Result>(
    _ call: String, epoch: Int = -1, batch: Int = -1, _ body: () throws -> Result
  ) rethrows -> Result {
    note?.enter(call, epoch: epoch, batch: batch)
    defer { note?.leave() }
    return try body()
  }

  /// What is being tried, for the case that the process dies: "after: epoch 1: val_loss 0.5; then reset".
  public func trying(_ what: @autoclosure () -> String) { note?.scene(what()) }
}

/// A check that cannot be made: of a library that cannot be opened, with an option that it does not have.
public struct CheckError: Error, CustomStringConvertible {
  public var description: String
  /// What to do.
  public var help: String?

  public init(_ description: String, help: String? = nil) {
    self.description = description
    self.help = help
  }
}
