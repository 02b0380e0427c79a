/// A place in a config: how to come from the top to a value.
struct ConfigPlace: Sendable, Equatable {
  enum Step: Sendable, Equatable {
    /// A key of a map; maps that are missing on the way are made.
    case key(String)
    /// An element of a list, which is there.
    case element(Int)
    /// Into a plugin: where only its id stands, that becomes a map with this key.
    case plugin(String)
  }

  var steps: [Step]

  init(_ steps: [Step]) { self.steps = steps }
}

extension ConfigNode {
  /// The config with what lies at a place set to a value.
  func setting(_ place: ConfigPlace, to value: ConfigNode) -> ConfigNode {
    setting(place.steps[...], to: value)
  }

  private func setting(_ steps: ArraySlice<ConfigPlace.Step>, to new: ConfigNode) -> ConfigNode {
    guard let step = steps.first else { return new }
    let rest = steps.dropFirst()
    switch step {
    case .key(let key):
      let inner = self[key] ?? ConfigNode(.map([]), at: new.position)
      return setting(key, to: inner.setting(rest, to: new))
    case .element(let index):
      guard case .list(var elements) = value, elements.indices.contains(index) else { return self }
      elements[index] = elements[index].setting(rest, to: new)
      return ConfigNode(.list(elements), at: position)
    case .plugin(let key):
      let map =
        isMap
        ? self : ConfigNode(.map([.init(key: key, keyPosition: position, value: self)]), at: position)
      return map.setting(rest, to: new)
    }
  }
}
