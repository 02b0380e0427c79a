import BoosterCore
import PluginKit

/// A handle of a booster, freed when this goes.
final class XGBoostBooster {
  let library: XGBoostLibrary
  private(set) var handle: XGBoostLibrary.Handle?

  /// - Parameter matrix: Rows whose predictions it keeps.
  init(_ library: XGBoostLibrary, _ matrix: XGBoostLibrary.Handle?) throws {
    self.library = library
    var known: [XGBoostLibrary.Handle?] = matrix.map { [$0] } ?? []
    try library.check(library.create(&known, UInt64(known.count), &handle))
  }

  /// The first rounds of another.
  init(_ other: XGBoostBooster, rounds: Int) throws {
    library = other.library
    try library.check(library.slice(other.handle, 0, Int32(clamping: rounds), 1, &handle))
  }

  deinit { _ = library.free(handle) }

  var rounds: Int {
    get throws {
      var count: Int32 = 0
      try library.check(library.roundCount(handle, &count))
      return Int(count)
    }
  }

  func config() throws -> String {
    var length: UInt64 = 0
    var text: UnsafePointer<CChar>?
    try library.check(library.saveConfig(handle, &length, &text))
    return text.map { String(cString: $0) } ?? ""
  }

  /// As XGBoost's own files are: universal binary JSON.
  func bytes() throws -> [UInt8] {
    var length: UInt64 = 0
    var start: UnsafePointer<CChar>?
    try library.check(library.save(handle, "{\"format\": \"ubj\"}", &length, &start))
    return Array(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(clamping: length)))
  }

  func load(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      try library.check(library.load(handle, base, UInt64(bytes.count)))
    }
  }

  /// A number for each feature that is used, by the feature's number.
  func scores(_ kind: String) throws -> [Int: Double] {
    var (count, dimensions): (UInt64, UInt64) = (0, 0)
    var names: UnsafePointer<UnsafePointer<CChar>?>?
    var shape: UnsafePointer<UInt64>?
    var scores: UnsafePointer<Float>?
    let config = "{\"importance_type\": \"\(kind)\"}"
    try library.check(library.featureScore(handle, config, &count, &names, &dimensions, &shape, &scores))
    guard let names, let scores, let shape else { return [:] }
    // A linear model has a number for each class, too: their sizes count.
    let width = dimensions > 1 ? max(1, Int(clamping: shape[1])) : 1
    var found: [Int: Double] = [:]
    for index in 0..<Int(clamping: count) {
      guard let name = names[index].map({ String(cString: $0) }), let feature = Int(name.dropFirst()) else {
        continue
      }
      found[feature] =
        width == 1
        ? Double(scores[index])
        : (0..<width).reduce(0.0) { $0 + abs(Double(scores[index * width + $1])) }
    }
    return found
  }
}
