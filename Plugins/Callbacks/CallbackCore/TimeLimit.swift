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

  private static func clock(_ text: String) -> Double? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 4, let days = parts[0], let hours = parts[1], let minutes = parts[2],
      let seconds = parts[3], (0...36_500).contains(days), (0..<24).contains(hours),
      (0..<60).contains(minutes), (0..<60).contains(seconds)
    else { return nil }
    return Double(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
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
