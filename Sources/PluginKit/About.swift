/// What a component is called and what it is for, as `trainyard list` and `inspect` show it.
public struct About: Sendable {
  /// What users write: lower case, digits, `-` and `.`.
  public var id: String
  /// The version of the component, such as `"1.2.0"`.
  public var version: String
  /// One sentence.
  public var summary: String

  public init(id: String, version: String, summary: String) {
    self.id = id
    self.version = version
    self.summary = summary
  }
}
