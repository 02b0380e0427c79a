import ForeignCalls
import PluginKit

/// The engine's own parameters, as the user wrote them.
public struct EngineParameters: Sendable {
  public private(set) var entries: [(name: String, value: SpecValue)] = []

  /// - Parameter rest: The options that no row declares.
  public init(_ rest: RestJSON) throws {
    let value: SpecValue
    do { value = try SpecValue(json: rest.text) } catch {
      throw PluginError("the engine's parameters cannot be read: \(error.message)")
    }
    guard case .map(let entries) = value else { throw PluginError("the engine's parameters are no table") }
    for (name, value) in entries where value != .null { self.entries.append((name, value)) }
  }

  public var names: [String] { entries.map(\.name) }

  /// The value of the first of these names that was given.
  public func value(of names: [String]) -> SpecValue? {
    entries.first { names.contains($0.name) }?.value
  }

  public func text(of names: String...) -> String? { value(of: names).map { Self.text($0) } }
  public func number(of names: String...) -> Double? {
    value(of: names).flatMap { value in value.number ?? value.text.flatMap { Double($0) } }
  }
  /// As engines understand it; `nil` where it was not given.
  public func flag(of names: String...) -> Bool? {
    value(of: names).map { ["true", "1", "+", "yes"].contains(Self.text($0).lowercased()) }
  }

  /// What the host sets itself is refused, with the option to use.
  public func refuse(_ names: [String], help: String) throws {
    guard let found = entries.first(where: { names.contains($0.name) }) else { return }
    throw PluginError("'\(found.name)' is not given to the engine", help: help)
  }

  /// A value as text; lists as engines write them: `[a,b]`.
  public static func text(_ value: SpecValue) -> String {
    switch value {
    case .null: ""
    case .bool(let flag): flag ? "true" : "false"
    case .int(let number): "\(number)"
    case .float(let number): "\(number)"
    case .text(let text): text
    case .list(let values): "[" + values.map { text($0) }.joined(separator: ",") + "]"
    case .map(let entries):
      "{" + entries.map { "\"\($0.key)\": \(text($0.value))" }.joined(separator: ", ") + "}"
    }
  }
}
