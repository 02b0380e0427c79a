import Glibc
import Trainyard

/// How values of a store look to a person.
enum RunTexts {
  /// Six digits that count.
  static func value(_ value: Double?) -> String {
    guard let value else { return "" }
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
    if value == value.rounded(), abs(value) < 1e6 { return "\(Int(value))" }
    let digits = 6 - 1 - Int(log10(abs(value)).rounded(.down))
    guard digits >= 0, digits <= 9 else { return "\(Float(value))" }
    let scale = pow(10, Double(digits))
    return "\((value * scale).rounded() / scale)"
  }

  static func time(_ milliseconds: Int64?) -> String {
    guard let milliseconds else { return "" }
    var seconds = time_t(milliseconds / 1000)
    var parts = tm()
    localtime_r(&seconds, &parts)
    var text = [CChar](repeating: 0, count: 32)
    strftime(&text, text.count, "%Y-%m-%d %H:%M:%S", &parts)
    return text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } } ?? ""
  }

  static func seconds(_ seconds: Double?) -> String {
    guard let seconds, seconds.isFinite, seconds < 1e12 else { return "" }
    if seconds < 0.1 { return "\((seconds * 1e4).rounded() / 10) ms" }
    if seconds < 100 { return "\((seconds * 100).rounded() / 100) s" }
    let whole = Int(seconds.rounded())
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }

  static func objective(_ study: StudyRecord) -> String {
    study.objective.map { "\($0) (\(study.direction?.rawValue ?? "-"))" } ?? "none"
  }
}

extension TrialRecord {
  /// The state as a person reads it: a run whose process is gone is lost.
  var stateText: String { isLost ? "lost" : state.rawValue }

  /// Seconds from its beginning to its end; `nil` while it runs, and where the machine's clock was set back meanwhile.
  var seconds: Double? {
    guard let started, let ended, ended >= started else { return nil }
    return Double(ended - started) / 1000
  }
}

/// A JSON object as paths and texts: `model.hidden` and `[128]`.
enum FlatJSON {
  static func pairs(_ text: String?) -> [(path: String, text: String)] {
    guard let text, let value = try? JSONValue(parsing: text, from: "store") else { return [] }
    var pairs: [(String, String)] = []
    walk(value, "", &pairs)
    return pairs
  }

  private static func walk(_ value: JSONValue, _ path: String, _ pairs: inout [(String, String)]) {
    switch value {
    case .object(let members):
      for member in members {
        walk(member.value, path.isEmpty ? member.name : path + "." + member.name, &pairs)
      }
    case .array(let elements) where elements.contains { $0.members != nil }:
      for (index, element) in elements.enumerated() {
        // Plugins are known by their names, not by their places.
        let name = ["name", "plugin"].lazy.compactMap { element[$0]?.string }.first ?? "\(index)"
        walk(element, path + "." + name, &pairs)
      }
    case .string(let text): pairs.append((path, text))
    case .double(let value): pairs.append((path, RunTexts.value(value)))
    default: pairs.append((path, JSONWriter.compact(value)))
    }
  }
}
