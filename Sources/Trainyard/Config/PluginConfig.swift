import PluginHost

/// A plugin as a config names it. Its options are checked later, when the component's rows are known.
public struct PluginConfig: Sendable {
  public enum Reference: Hashable, Sendable {
    /// To be found on the search path.
    case id(String)
    /// A library's file; `absolute` is what is opened.
    case path(asWritten: String, absolute: String)

    /// As the user wrote it.
    public var text: String {
      switch self {
      case .id(let id): id
      case .path(let path, _): path
      }
    }
  }

  /// What becomes of a run when a hook fails.
  public enum OnError: String, Sendable, CaseIterable {
    case fail, drop
  }

  /// Keys that are about helper processes, as far as they were given.
  public struct IsolationConfig: Sendable, Equatable {
    public enum Place: Sendable, Equatable {
      case here
      /// A helper of its own.
      case own
      /// The helper of all that name it.
      case group(String)
    }

    /// `nil`: as the pipeline says.
    public var place: Place?
    public var onCrash: IsolationSettings.CrashPolicy?
    /// In seconds.
    public var deadline: Double?
    public var network: Bool?
    /// In MiB.
    public var memoryLimit: Int64?

    public init() {}

    /// The first key that says nothing of a plugin in this process.
    var keyWithoutMeaningHere: String? {
      if onCrash != nil { return "on_crash" }
      if deadline != nil { return "deadline" }
      if network != nil { return "network" }
      return memoryLimit != nil ? "memory_limit" : nil
    }
  }

  public var kind: ComponentSpec.Kind
  public var reference: Reference
  /// Which component of the library; `nil`: the only one.
  public var component: String?
  /// The instance's name; `nil`: the component's id.
  public var name: String?
  /// What the plugin itself says of isolation.
  public var isolation = IsolationConfig()
  public var onError = OnError.fail
  /// What relative paths among the options are relative to, absolute.
  public var baseFolder = "."
  /// A map of what is not ours.
  public var options = ConfigNode(.map([]))
  public var position = SourcePosition.none
  /// `callbacks[0]`.
  public var place: String

  public init(_ kind: ComponentSpec.Kind, _ reference: Reference, place: String) {
    self.kind = kind
    self.reference = reference
    self.place = place
  }

  /// The instance's name as far as it is known before the library has been looked at.
  public var knownName: String? {
    if let name = name ?? component { return name }
    if case .id(let id) = reference { return id }
    return nil
  }

  /// The options as values, by the rows of the component that was found for it.
  public func optionValues(
    for component: ComponentSpec
  ) -> ([String: OptionValue], [ConfigProblem]) {
    let reserved = Self.section(of: kind).reservedKeys
    return OptionParser(owner: "\(kind.rawValue) '\(component.id)'", place: place, baseFolder: baseFolder)
      .values(for: component.options, from: options, ignoring: reserved)
  }

  static func section(of kind: ComponentSpec.Kind) -> PipelineSection {
    switch kind {
    case .callback: .callback
    case .model: .model
    case .monitor: .monitor
    case .dataset: .dataset
    }
  }

  /// The key that names the plugin.
  static func pluginKey(of kind: ComponentSpec.Kind) -> String {
    kind == .dataset ? "dataset" : "plugin"
  }
}
