import PluginKit

/// The entries of a table option, read by name, with errors that say which one and what it may be.
public struct Parameters {
  /// As messages name the table: `parameters of schedule 'cosine-decay'`.
  public let owner: String
  private let members: [JSON.Member]
  private var known: [String] = []
  private var missing: [String] = []

  /// - Parameter text: The table as JSON; `nil`: an empty one.
  public init(_ text: JSONText?, of owner: String) throws {
    self.owner = owner
    guard let text else {
      members = []
      return
    }
    do {
      guard case .object(let members) = try JSON(text.text) else {
        throw PluginError("it is not a table", help: "write it as {name: value}")
      }
      self.members = members
    } catch let error as PluginError {
      throw PluginError("\(owner): \(error.message)", help: error.help)
    }
  }

  /// All entries, for tables whose keys are free.
  public var entries: [(key: String, value: JSON)] { members.map { ($0.key, $0.value) } }

  // MARK: Entries that may be left out

  public mutating func number(
    _ name: String, in range: ParameterRange = .any
  ) throws -> Double? {
    guard let value = take(name) else { return nil }
    return try number(value, name, range)
  }

  public mutating func int(_ name: String, in range: ParameterRange = .any) throws -> Int? {
    guard let value = take(name) else { return nil }
    guard case .number(let number) = value, let int = Int(exactly: number), range.contains(number) else {
      throw wrong(name, value, "a whole number" + range.words)
    }
    return int
  }

  public mutating func bool(_ name: String) throws -> Bool? {
    guard let value = take(name) else { return nil }
    guard case .bool(let bool) = value else { throw wrong(name, value, "true or false") }
    return bool
  }

  public mutating func choice(_ name: String, of choices: [String]) throws -> String? {
    guard let value = take(name) else { return nil }
    guard case .string(let text) = value, choices.contains(text) else {
      throw wrong(name, value, "one of: \(choices.joined(separator: ", "))")
    }
    return text
  }

  public mutating func numbers(_ name: String, in range: ParameterRange = .any) throws -> [Double]? {
    guard let value = take(name) else { return nil }
    guard case .array(let elements) = value else { throw wrong(name, value, "a list of numbers") }
    return try elements.map { try number($0, name, range) }
  }

  // MARK: Entries that must be there

  // One that is missing is reported by `finish`, which knows all names; until then another value stands for it.

  public mutating func requiredNumber(_ name: String, in range: ParameterRange = .any) throws -> Double {
    if let value = try number(name, in: range) { return value }
    missing.append(name)
    return 1
  }

  public mutating func requiredInt(_ name: String, in range: ParameterRange = .any) throws -> Int {
    if let value = try int(name, in: range) { return value }
    missing.append(name)
    return 1
  }

  public mutating func requiredNumbers(_ name: String, in range: ParameterRange = .any) throws -> [Double] {
    if let value = try numbers(name, in: range) { return value }
    missing.append(name)
    return []
  }

  /// Refuses entries that nobody has asked for, and misses those that must be there. Call it when all are read,
  /// before anything is made of them.
  public func finish() throws {
    let list = known.isEmpty ? "it takes none" : "its entries are: \(known.joined(separator: ", "))"
    if let unknown = members.first(where: { !known.contains($0.key) }) {
      let nearest = nearestName(to: unknown.key, in: known).map { "did you mean '\($0)'? " } ?? ""
      throw PluginError("\(owner): unknown entry '\(unknown.key)'", help: nearest + list)
    }
    if let name = missing.first { throw PluginError("\(owner): '\(name)' is missing", help: list) }
  }

  private mutating func take(_ name: String) -> JSON? {
    known.append(name)
    let value = members.first { $0.key == name }?.value
    return value == .null ? nil : value
  }

  private func number(_ value: JSON, _ name: String, _ range: ParameterRange) throws -> Double {
    guard case .number(let number) = value, range.contains(number) else {
      throw wrong(name, value, "a number" + range.words)
    }
    return number
  }

  private func wrong(_ name: String, _ value: JSON, _ expected: String) -> PluginError {
    PluginError("\(owner): '\(name)' is \(value.found), and must be \(expected)")
  }
}

/// What a number in a table may be.
public enum ParameterRange {
  case any
  case atLeast(Double)
  case above(Double)
  /// Both ends belong to it.
  case between(Double, Double)

  func contains(_ value: Double) -> Bool {
    switch self {
    case .any: true
    case .atLeast(let least): value >= least
    case .above(let limit): value > limit
    case .between(let least, let most): value >= least && value <= most
    }
  }

  var words: String {
    switch self {
    case .any: ""
    case .atLeast(let least): " from \(least.short()) on"
    case .above(let limit): " above \(limit.short())"
    case .between(let least, let most): " from \(least.short()) to \(most.short())"
    }
  }
}
