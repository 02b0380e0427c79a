/// What a plugin says of one of its components, as far as reading a config needs it.
public struct ComponentSpec: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    case callback, model, monitor, dataset
  }

  public var kind: Kind
  /// What users write: `early-stopping`.
  public var id: String
  /// One sentence.
  public var summary: String
  public var options: [OptionSpec]

  public init(kind: Kind, id: String, summary: String, options: [OptionSpec]) {
    self.kind = kind
    self.id = id
    self.summary = summary
    self.options = options
  }
}
