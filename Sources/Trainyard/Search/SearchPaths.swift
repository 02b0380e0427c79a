import PluginHost

/// The options of a pipeline that a search may vary, by their paths.
///
///     train.<key>   train.find_learning_rate.<key>   data.<key>   data.train.<option>   data.validation.<option>
///     model.<option>   monitors.<name>.<option>   callbacks.<name>.<option>
struct SearchPaths {
  /// Where an option stands and what it may be.
  struct Target: Sendable {
    var path: String
    var place: ConfigPlace
    /// `nil`: the component passes it through; nobody but its engine knows it.
    var spec: OptionSpec?
    /// As messages name it: "model 'mlp'".
    var owner: String
    /// "option" or "key".
    var noun: String
  }

  private(set) var targets: [Target] = []
  /// Owners that take keys that they do not declare: the path in front of these.
  private var open: [(prefix: String, place: ConfigPlace, owner: String)] = []
  /// Plugins that could not be found: what they take is not known.
  private(set) var unknown: [String] = []

  /// - Parameter planned: The component that was found for a plugin of the config, and its instance's name.
  init(_ config: PipelineConfig, planned: (PluginConfig) -> (component: ComponentSpec, name: String)?) {
    add(.train, "train", [.key("train")])
    add(.findLearningRate, "train.find_learning_rate", [.key("train"), .key("find_learning_rate")])
    add(.data, "data", [.key("data")])
    add(config.data.train, "data.train", [.key("data"), .key("train")], planned)
    switch config.data.validation {
    case .dataset(let plugin):
      add(plugin, "data.validation", [.key("data"), .key("validation")], planned)
    case .none, .fraction: add(.validation, "data.validation", [.key("data"), .key("validation")])
    }
    add(config.model.plugin, "model", [.key("model")], planned)
    for plugin in config.monitors { add(plugin, in: "monitors", planned) }
    for plugin in config.callbacks { add(plugin, in: "callbacks", planned) }
  }

  private mutating func add(_ section: PipelineSection, _ prefix: String, _ steps: [ConfigPlace.Step]) {
    // Threads are the same for all fits: a BLAS has one setting for the whole process.
    let fixed: Set<String> = prefix == "train" ? ["threads"] : []
    for spec in section.keys
    where (spec.type != .table || spec.key == "class_weight") && !fixed.contains(spec.key) {
      let place = ConfigPlace(steps + [.key(spec.key)])
      targets.append(
        Target(path: "\(prefix).\(spec.key)", place: place, spec: spec, owner: "'\(prefix)'", noun: "key"))
    }
  }

  private mutating func add(
    _ plugin: PluginConfig, in list: String,
    _ planned: (PluginConfig) -> (component: ComponentSpec, name: String)?
  ) {
    // `callbacks[2]`: its place among all elements of the list.
    guard let index = Int(plugin.place.dropFirst(list.count + 1).dropLast()) else { return }
    let name = planned(plugin)?.name ?? plugin.knownName ?? ""
    add(plugin, "\(list).\(name)", [.key(list), .element(index)], planned)
  }

  private mutating func add(
    _ plugin: PluginConfig, _ prefix: String, _ steps: [ConfigPlace.Step],
    _ planned: (PluginConfig) -> (component: ComponentSpec, name: String)?
  ) {
    guard let component = planned(plugin)?.component else {
      unknown.append(prefix)
      return
    }
    let owner = "\(plugin.kind.rawValue) '\(component.id)'"
    let inside = steps + [.plugin(PluginConfig.pluginKey(of: plugin.kind))]
    let reserved = PluginConfig.section(of: plugin.kind).reservedKeys
    for spec in component.options where spec.type != .rest && !reserved.contains(spec.key) {
      targets.append(
        Target(
          path: "\(prefix).\(spec.key)", place: ConfigPlace(inside + [.key(spec.key)]), spec: spec,
          owner: owner, noun: "option"))
    }
    if component.options.contains(where: { $0.type == .rest }) {
      open.append((prefix, ConfigPlace(inside), owner))
    }
  }

  // MARK: Looking up

  func target(_ path: String) -> Target? {
    if let target = targets.first(where: { $0.path == path }) { return target }
    for owner in open where path.hasPrefix(owner.prefix + ".") {
      let key = String(path.dropFirst(owner.prefix.count + 1))
      guard !key.isEmpty else { continue }
      return Target(
        path: path, place: ConfigPlace(owner.place.steps + [.key(key)]), spec: nil, owner: owner.owner,
        noun: "option")
    }
    return nil
  }

  /// Whether a path leads to a plugin that could not be found, which is a problem of its own.
  func isUnknown(_ path: String) -> Bool { unknown.contains { path.hasPrefix($0 + ".") } }

  /// What to do about a path that leads nowhere.
  func help(for path: String) -> String {
    let all = targets.map(\.path)
    let nearest = NearestName.of(path, among: all).map { "did you mean '\($0)'? " } ?? ""
    // Those beside the one that was meant, else what paths begin with.
    let prefix = prefixes.filter { path.hasPrefix($0 + ".") }.max { $0.count < $1.count }
    guard let prefix else {
      return nearest + "paths begin with " + prefixes.joined(separator: ", ")
    }
    let beside = targets.filter { Self.prefix(of: $0.path) == prefix }.map { $0.path }
    return nearest + "there are \(beside.joined(separator: ", "))"
  }

  private var prefixes: [String] {
    var seen: Set<String> = []
    return targets.map { Self.prefix(of: $0.path) }.filter { seen.insert($0).inserted }
  }

  private static func prefix(of path: String) -> String {
    path.lastIndex(of: ".").map { String(path[..<$0]) } ?? path
  }
}
