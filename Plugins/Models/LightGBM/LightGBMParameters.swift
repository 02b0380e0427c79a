import BoosterCore
import ForeignCalls
import PluginKit

/// The user's parameters under LightGBM's own names, checked against those that the library knows.
struct LightGBMParameters {
  /// Canonical name and text, in the order of the user's.
  private(set) var entries: [(name: String, text: String)] = []

  init(_ given: EngineParameters, _ library: LightGBMLibrary) throws {
    let aliases = try Self.aliases(library)
    var canonical: [String: String] = [:]
    for (name, others) in aliases {
      canonical[name] = name
      for other in others { canonical[other] = name }
    }
    try given.refuse(["threads"], help: Self.threads)
    for (written, value) in given.entries {
      guard let name = canonical[written] else {
        let nearest = nearestName(to: written, in: canonical.keys.sorted())
        throw PluginError(
          "LightGBM has no parameter '\(written)'",
          help: nearest.map { "did you mean '\($0)'?" } ?? "LightGBM's documentation has all parameters")
      }
      if let help = Self.refused[name] {
        throw PluginError("'\(written)' is not given to the engine", help: help)
      }
      if entries.contains(where: { $0.name == name }) {
        throw PluginError("'\(written)' says '\(name)' a second time", help: "leave one of the two out")
      }
      let text = Self.text(value)
      guard !text.contains(where: \.isWhitespace) else {
        throw PluginError("'\(written)' is '\(text)', and LightGBM takes no value with blanks in it")
      }
      entries.append((name, text))
    }
  }

  func text(_ name: String) -> String? { entries.first { $0.name == name }?.text }
  func number(_ name: String) -> Double? { text(name).flatMap { Double($0) } }
  func flag(_ name: String) -> Bool { ["true", "1", "+"].contains(text(name)?.lowercased() ?? "") }

  private static let threads = "say 'threads' under 'train': every model takes it from there"

  /// What the host decides, and where to say it instead.
  private static let refused: [String: String] = {
    var table = [
      "num_threads": threads,
      "metric": "metrics are monitors' work: add them to the pipeline's 'monitors'",
      "num_class": "the data says how many classes there are",
      "num_iterations": "a round is an epoch: say 'epochs' under 'train'",
      "early_stopping_round": "add the callback early-stopping",
    ]
    for name in [
      "task", "data", "valid", "input_model", "output_model", "config", "snapshot_freq", "machines",
      "num_machines", "output_result", "convert_model", "save_binary",
    ] {
      table[name] = "files and data are the pipeline's work"
    }
    return table
  }()

  private static func text(_ value: SpecValue) -> String {
    guard case .list(let values) = value else { return EngineParameters.text(value) }
    return values.map { EngineParameters.text($0) }.joined(separator: ",")
  }

  /// Every parameter, with its other names.
  private static func aliases(_ library: LightGBMLibrary) throws -> [(String, [String])] {
    var needed: Int64 = 0
    var buffer = [CChar](repeating: 0, count: 1 << 16)
    try library.check(library.aliases(Int64(buffer.count), &needed, &buffer))
    if needed > buffer.count, let size = Int(exactly: needed), size < 1 << 24 {
      buffer = [CChar](repeating: 0, count: size)
      try library.check(library.aliases(needed, &needed, &buffer))
    }
    let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard case .map(let entries)? = try? SpecValue(json: text) else {
      throw PluginError("LightGBM does not say which parameters it has", help: "install a newer one")
    }
    return entries.map { name, value in
      guard case .list(let others) = value else { return (name, []) }
      return (name, others.compactMap(\.text))
    }
  }
}
