import PluginHost

// What a library says of its components, as the config's reader needs it, and values on their way back.

extension ComponentSpec {
  init(_ component: ComponentDescription) {
    self.init(
      kind: Kind(component.kind), id: component.id, summary: component.summary,
      options: component.options.map { OptionSpec($0) })
  }
}

extension ComponentSpec.Kind {
  init(_ kind: PluginKind) {
    self =
      switch kind {
      case .callback: .callback
      case .model: .model
      case .monitor: .monitor
      case .dataset: .dataset
      }
  }

  var pluginKind: PluginKind {
    switch self {
    case .callback: .callback
    case .model: .model
    case .monitor: .monitor
    case .dataset: .dataset
    }
  }
}

extension OptionSpec {
  init(_ row: OptionRow) {
    self.init(
      row.key, ValueType(row.type), row.doc, default: row.defaultText, range: row.range, unit: row.unit,
      choices: row.choices, isRequired: row.isRequired, isSecret: row.isSecret, isList: row.isList)
  }
}

extension OptionSpec.ValueType {
  init(_ type: OptionType) {
    self =
      switch type {
      case .bool: .bool
      case .int: .int
      case .float: .float
      case .string: .string
      case .choice: .choice
      case .path: .path
      case .duration: .duration
      case .metric: .metric
      case .table: .table
      case .rest: .rest
      }
  }
}

extension PluginHost.OptionValue {
  init(_ value: OptionValue) {
    self =
      switch value {
      case .bool(let value): .bool(value)
      case .int(let value): .int(value)
      case .float(let value): .float(value)
      case .text(let value): .text(value)
      case .list(let values): .list(values.map { PluginHost.OptionValue($0) })
      }
  }
}

extension OptionValue {
  init(_ value: PluginHost.OptionValue) {
    self =
      switch value {
      case .bool(let value): .bool(value)
      case .int(let value): .int(value)
      case .float(let value): .float(value)
      case .text(let value): .text(value)
      case .list(let values): .list(values.map { OptionValue($0) })
      }
  }
}

extension ComponentDescription {
  /// Options as a config would give them, defaults included and secrets left out.
  func resolvedNode(of options: [String: PluginHost.OptionValue]) -> ConfigNode {
    let values = options.mapValues { OptionValue($0) }
    return ConfigNode(.map(OptionSpec.nodes(of: values, for: ComponentSpec(self).options)))
  }
}
