import BoosterCore
import PluginKit

/// A handle of a booster, freed when this goes.
final class LightGBMBooster {
  let library: LightGBMLibrary
  private(set) var handle: LightGBMLibrary.Handle?

  init(_ library: LightGBMLibrary, on matrix: LightGBMMatrix, _ parameters: String) throws {
    self.library = library
    try library.check(library.create(matrix.handle, parameters, &handle))
  }

  /// A model in LightGBM's own text.
  init(_ library: LightGBMLibrary, from bytes: [UInt8]) throws {
    self.library = library
    var rounds: Int32 = 0
    // LightGBM reads up to the end of a text, and some damage makes it read on.
    guard bytes.starts(with: Array("tree\n".utf8)), !bytes.contains(0) else {
      throw PluginError("the saved booster is no model of LightGBM's")
    }
    let text = bytes.map { CChar(bitPattern: $0) } + [0]
    try library.check(library.load(text, &rounds, &handle))
  }

  deinit { _ = library.free(handle) }

  var rounds: Int {
    get throws {
      var count: Int32 = 0
      try library.check(library.roundCount(handle, &count))
      return Int(count)
    }
  }

  var featureCount: Int {
    get throws {
      var count: Int32 = 0
      try library.check(library.featureCount(handle, &count))
      return Int(count)
    }
  }

  func text(rounds: Int) throws -> [UInt8] {
    var needed: Int64 = 0
    var buffer = [CChar](repeating: 0, count: 1 << 16)
    let limit = Int32(clamping: rounds)
    try library.check(library.save(handle, 0, limit, 0, Int64(buffer.count), &needed, &buffer))
    if needed > buffer.count, let size = Int(exactly: needed) {
      buffer = [CChar](repeating: 0, count: size)
      try library.check(library.save(handle, 0, limit, 0, needed, &needed, &buffer))
    }
    return buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
  }

  /// Fills `room` for rows that are given as they are; returns how many numbers there are. Where it has no room for
  /// them, it stays as it is.
  func predict(
    _ features: UnsafeBufferPointer<Float>, _ rows: EngineRows, _ kind: LightGBMLibrary.Prediction,
    rounds: Int?, _ parameters: String, into room: UnsafeMutableBufferPointer<Double>
  ) throws -> Int {
    guard let start = room.baseAddress else { return 0 }
    let limit = rounds.map { Int32(clamping: $0) } ?? -1
    var count: Int64 = 0
    // A saved booster may be one of more classes: LightGBM does not ask how much room there is.
    try library.check(
      library.predictionCount(handle, Int32(clamping: rows.count), kind.rawValue, 0, limit, &count))
    guard count <= Int64(room.count) else { return Int(clamping: count) }
    try library.check(
      library.predict(
        handle, features.baseAddress, LightGBMLibrary.Kind.float32.rawValue, Int32(clamping: rows.count),
        Int32(clamping: rows.featureCount), 1, kind.rawValue, 0, limit, parameters, &count, start))
    return Int(clamping: count)
  }
}
