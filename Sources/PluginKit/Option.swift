import CTrainyard

/// Declares an option on the property that holds it.
///
/// The key is the property's name in snake case: `minDelta` is `min_delta`. The default is the property's
/// initial value; without one the option is required, unless it is an `Optional`.
///
/// ```swift
/// @Option("Epochs without improvement before the run stops.", range: "[0, )", unit: "epochs")
/// var patience = 0
/// ```
@propertyWrapper public struct Option<Value: OptionValue> {
  let storage: OptionStorage<Value>

  /// The user's value. Before `create` it is the default.
  @inlinable public var wrappedValue: Value { storedValue }
  @usableFromInline var storedValue: Value { storage.current }

  /// - Parameters:
  ///   - wrappedValue: The default.
  ///   - doc: A sentence or two: what it means and what happens at the ends.
  ///   - key: As users write it; the property's name in snake case unless given.
  ///   - range: An interval such as `"[0, 1)"` or `"(0, )"`, for each element of a list.
  ///   - unit: Such as `"epochs"`, `"s"`, `"bytes"`.
  ///   - secret: Never printed nor written to a run folder.
  public init(
    wrappedValue: Value, _ doc: String, key: String? = nil, range: String? = nil, unit: String? = nil,
    secret: Bool = false
  ) {
    let row = OptionRow<Value>(key: key, doc: doc, range: range, unit: unit, isSecret: secret)
    storage = OptionStorage(row, initial: wrappedValue)
  }

  /// A required option; one of an `Optional` type has no value unless the user gives one.
  public init(
    _ doc: String, key: String? = nil, range: String? = nil, unit: String? = nil, secret: Bool = false
  ) {
    let row = OptionRow<Value>(key: key, doc: doc, range: range, unit: unit, isSecret: secret)
    storage = OptionStorage(row, initial: Value.absent)
  }
}

/// What the host is told of an option.
struct OptionRow<Value> {
  var key: String?
  var doc: String
  var range: String?
  var unit: String?
  var isSecret: Bool
}

/// Where an option's value lives, so that the SDK can fill it while plugins can only read it.
final class OptionStorage<Value: OptionValue>: AnyOptionStorage {
  let row: OptionRow<Value>
  let initial: Value?
  private var value: Value?

  init(_ row: OptionRow<Value>, initial: Value?) {
    self.row = row
    self.initial = initial
    value = initial
  }

  var current: Value {
    // A required option that is read before `create`: a mistake of the plugin's author, found at once.
    guard let value else { preconditionFailure("option '\(row.key ?? "")' is read before create") }
    return value
  }

  var declaration: OptionDeclaration {
    OptionDeclaration(
      key: row.key, type: Value.optionType, doc: row.doc, range: row.range, unit: row.unit,
      isRequired: initial == nil, isSecret: row.isSecret, isList: Value.isList, choices: Value.choices,
      defaultText: initial.flatMap(\.optionText))
  }

  func fill(_ key: String, from reader: OptionReader) throws {
    value = try Value.read(key, from: reader)
  }
}

protocol AnyOptionStorage: AnyObject {
  var declaration: OptionDeclaration { get }
  func fill(_ key: String, from reader: OptionReader) throws
}

struct OptionDeclaration {
  var key: String?
  var type: OptionType
  var doc: String
  var range: String?
  var unit: String?
  var isRequired: Bool
  var isSecret: Bool
  var isList: Bool
  var choices: [String]
  var defaultText: String?
}

extension Option: AnyOption {
  var anyStorage: any AnyOptionStorage { storage }
}

protocol AnyOption {
  var anyStorage: any AnyOptionStorage { get }
}

/// The options of an instance with their keys, in the order of declaration.
func declaredOptions(of instance: Any) -> [(key: String, storage: any AnyOptionStorage)] {
  Mirror(reflecting: instance).children.compactMap { child in
    guard let option = child.value as? any AnyOption, let label = child.label else { return nil }
    let storage = option.anyStorage
    return (storage.declaration.key ?? snakeCase(label.drop { $0 == "_" }), storage)
  }
}

/// `minDelta` → `min_delta`.
func snakeCase(_ name: some StringProtocol) -> String {
  var result = ""
  for character in name {
    if character.isUppercase {
      result += "_" + character.lowercased()
    } else {
      result.append(character)
    }
  }
  return result
}
