import DataFiles
import PluginKit

/// The rows of a file in the format of LIBSVM and SVMlight, as they are written: only what is not zero.
///
///     label [qid:group] index:value index:value … [# comment]
struct SparseRows {
  private(set) var targets: [Double] = []
  private(set) var groups: [Int64] = []
  private(set) var hasTargets = true
  private(set) var hasGroups = false
  /// One more than the highest index from 0.
  private(set) var width = 0
  private(set) var count = 0

  /// Where the entries of each row begin, and the end of the last.
  private var starts = [0]
  private var indices: [Int32] = []
  private var values: [Float] = []

  init(path: String, indexBase: Int, widest: Int?) throws {
    let (memory, byteCount) = try DataFile(path).readAll(spare: textSpare)
    let text = memory.start(as: UInt8.self)
    text[byteCount] = lineFeed
    var reader = LineReader(cursor: text, end: text + byteCount, path: path)
    while reader.cursor < reader.end {
      if try reader.skipEmptyLine() { continue }
      try readRow(&reader, indexBase: indexBase, widest: widest)
    }
    guard count > 0 else { throw PluginError("'\(path)' has no rows", help: "check the file") }
  }

  /// Over zeros.
  func scatter(into output: UnsafeMutablePointer<Float>, width: Int) {
    for row in 0..<count {
      for entry in starts[row]..<starts[row + 1] { output[row * width + Int(indices[entry])] = values[entry] }
    }
  }

  private mutating func readRow(_ reader: inout LineReader, indexBase: Int, widest: Int?) throws {
    let label = try reader.label()
    if count == 0 { hasTargets = label != nil }
    guard hasTargets == (label != nil) else {
      throw reader.error(
        label == nil ? "has no label, and the first row has one" : "has a label, and the first row has none",
        help: "a row begins with its label, such as 1 or -1")
    }
    if let label { targets.append(label) }

    let group = try reader.group()
    if count == 0 { hasGroups = group != nil }
    guard hasGroups == (group != nil) else {
      throw reader.error(
        group == nil ? "has no qid, and the first row has one" : "has a qid, and the first row has none",
        help: "write a qid in every row, or in none")
    }
    if let group { groups.append(group) }

    var last = -1
    while let entry = try reader.entry() {
      let index = entry.index - indexBase
      guard index >= 0 else {
        throw reader.error("has the index 0, and indices begin at 1", help: "set `index_base: 0`")
      }
      guard index < widest ?? Int(Int32.max) else {
        throw reader.error(
          "has the index \(entry.index), and the highest is \((widest ?? Int(Int32.max)) - 1 + indexBase)",
          help: "raise `features`")
      }
      guard index > last else {
        throw reader.error(
          "has the index \(entry.index) after \(last + indexBase)", help: "indices of a row must rise")
      }
      last = index
      indices.append(Int32(index))
      values.append(Float(entry.value))
    }
    width = max(width, last + 1)
    starts.append(indices.count)
    count += 1
  }
}
