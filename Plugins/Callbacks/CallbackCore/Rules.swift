import PluginKit

/// Whose rules a callback follows that both peers have, each with its own defaults and decisions.
public enum Rules: String, OptionChoice, Sendable {
  case keras, lightning

  var name: String { self == .keras ? "Keras" : "Lightning" }

  /// Refuses options that only the other rules have.
  ///
  /// - Parameter foreign: Options of the other rules with the user's values; `nil`: not given.
  public func refuse(_ foreign: KeyValuePairs<String, (any OptionValue)?>) throws {
    for (key, value) in foreign {
      guard let value else { continue }
      let other: Rules = self == .keras ? .lightning : .keras
      throw PluginError(
        "option '\(key)' is \(value.optionText ?? "given"), but only \(other.name)'s rules have it, "
          + "and rules is '\(rawValue)'",
        help: "leave \(key) out, or set rules: \(other.rawValue)")
    }
  }

  /// The direction of a mode where there is no `auto`.
  public static func lightningDirection(_ mode: Mode?) throws -> Direction {
    switch mode {
    case .max: .max
    case .min, nil: .min
    case .auto:
      throw PluginError(
        "option 'mode' is 'auto', and by Lightning's rules it must be min or max",
        help: "set mode: min or mode: max, or rules: keras")
    }
  }
}

/// Refuses NaN and the infinities, with which a callback would do nothing or spoil the weights.
public func refuseNonFinite(_ options: KeyValuePairs<String, Double?>) throws {
  for (key, value) in options {
    guard let value, !value.isFinite else { continue }
    throw PluginError(
      "option '\(key)' is \(value.pythonRepr), and must be a finite number",
      help: "give a finite number, or leave \(key) out where it has a default")
  }
}

/// Refuses NaN, with which nothing compares.
public func refuseNaN(_ options: KeyValuePairs<String, Double?>) throws {
  for (key, value) in options where value?.isNaN == true {
    throw PluginError(
      "option '\(key)' is NaN, and must be a number", help: "give a number, or leave \(key) out")
  }
}
