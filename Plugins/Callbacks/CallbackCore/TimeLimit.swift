import PluginKit

/// A duration as users write it: `90s`, `1h30m`, `2d`, or `DD:HH:MM:SS` as in Lightning.
public struct TimeLimit: Equatable {
  public var seconds: Double

  public init(seconds: Double) { self.seconds = seconds }

  public init(_ text: String) throws {
    guard let seconds = text.contains(":") ? Self.clock(text) : Self.units(text) else {
      throw PluginError(
        "'\(text)' is not a duration", help: "write it as 90s, 1h30m or DD:HH:MM:SS, such as 00:12:00:00")
    }
    self.seconds = seconds
  }

  /// A time for people: below a second in milliseconds.
  public static func text(_ seconds: Double) -> String {
    guard seconds > 0, seconds < 0.9995 else { return seconds == 0 ? "0 s" : ProgressLine.duration(seconds) }
    return (seconds * 1000).short(3) + " ms"
  }

  private static func clock(_ text: String) -> Double? {
    let texts = text.split(separator: ":", omittingEmptySubsequences: false)
    let parts = texts.compactMap { Int($0) }
    guard texts.count == 4, parts.count == 4, parts.allSatisfy({ $0 >= 0 }) else { return nil }
    // As in Lightning, 34 hours or 65 seconds are what they say.
    return zip(parts, [86_400, 3600, 60, 1]).reduce(0) { $0 + Double($1.0) * $1.1 }
  }

  private static func units(_ text: String) -> Double? {
    if let number = Double(text) { return number.isFinite && number >= 0 ? number : nil }
    let units: [(name: String, seconds: Double)] = [
      ("ms", 0.001), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1),
    ]
    var rest = text[...]
    var total = 0.0
    repeat {
      let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
      rest = rest.dropFirst(digits.count)
      guard let number = Double(digits), let unit = units.first(where: { rest.hasPrefix($0.name) }) else {
        return nil
      }
      rest = rest.dropFirst(unit.name.count)
      total += number * unit.seconds
    } while !rest.isEmpty
    return total.isFinite ? total : nil
  }
}
