import DataFiles
import PluginKit

let lineFeed = UInt8(ascii: "\n")

/// Walks over a text in the format of LIBSVM, word by word.
struct LineReader {
  private(set) var cursor: UnsafePointer<UInt8>
  /// A line feed that is not part of the text.
  let end: UnsafePointer<UInt8>
  private let path: String
  private var line = 1

  init(cursor: UnsafePointer<UInt8>, end: UnsafePointer<UInt8>, path: String) {
    self.cursor = cursor
    self.end = end
    self.path = path
  }

  func error(_ what: String, help: String) -> PluginError {
    PluginError("line \(line) of '\(path)' \(what)", help: help)
  }

  /// Goes behind a line without a row: an empty one, or one of a comment.
  mutating func skipEmptyLine() throws -> Bool {
    skipBlanks()
    guard isLineEnd else { return false }
    try finishLine()
    return true
  }

  /// The number at the row's start; `nil` where the first word is an index with its value, or `qid`.
  mutating func label() throws -> Double? {
    let start = cursor
    var value = 0.0
    guard let stop = scanDecimal(start, &value) else {
      if word.hasPrefix("qid:") { return nil }
      throw error(
        "begins with '\(shortWord)', and a row with a number", help: "labels are numbers, such as 1 or -1")
    }
    if stop.pointee == colon { return nil }
    cursor = stop
    guard isWordEnd else {
      cursor = start
      throw error(
        "begins with '\(shortWord)', and a row with one number",
        help: stop.pointee == UInt8(ascii: ",")
          ? "rows with several labels cannot be read" : "labels are numbers, such as 1 or -1")
    }
    return value
  }

  mutating func group() throws -> Int64? {
    skipBlanks()
    guard cursor[0] == UInt8(ascii: "q"), cursor[1] == UInt8(ascii: "i"), cursor[2] == UInt8(ascii: "d"),
      cursor[3] == colon
    else { return nil }
    guard let group = Int64(word.dropFirst(4)) else {
      throw error("has '\(shortWord)'", help: "a qid is a whole number, such as qid:3")
    }
    while !isWordEnd { cursor += 1 }
    return group
  }

  /// The next index and value; `nil`, and the line is left, where there is none.
  mutating func entry() throws -> (index: Int, value: Double)? {
    skipBlanks()
    if isLineEnd {
      try finishLine()
      return nil
    }
    let start = cursor
    var index = 0
    while cursor.pointee &- UInt8(ascii: "0") < 10, cursor - start < 18 {
      index = index * 10 + Int(cursor.pointee &- UInt8(ascii: "0"))
      cursor += 1
    }
    var value = 0.0
    guard cursor > start, cursor.pointee == colon, let stop = scanDecimal(cursor + 1, &value) else {
      cursor = start
      throw error("has '\(shortWord)'", help: "features are written as index:value, such as 3:0.5")
    }
    cursor = stop
    guard isWordEnd, Float(value).isFinite else {
      cursor = start
      throw error(
        "has '\(shortWord)'", help: "values are decimal numbers that a 32-bit float can hold, such as 3:0.5")
    }
    return (index, value)
  }

  // MARK: Words

  private var isLineEnd: Bool {
    cursor.pointee == lineFeed || cursor.pointee == UInt8(ascii: "\r") || cursor.pointee == UInt8(ascii: "#")
  }

  private var isWordEnd: Bool { isLineEnd || isBlank(cursor.pointee) }

  private mutating func skipBlanks() { while isBlank(cursor.pointee) { cursor += 1 } }

  private func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

  private mutating func finishLine() throws {
    // A comment goes to the end of its line.
    if cursor.pointee == UInt8(ascii: "#") { while cursor.pointee != lineFeed { cursor += 1 } }
    if cursor.pointee == UInt8(ascii: "\r") {
      guard cursor[1] == lineFeed else {
        throw error("has a carriage return that ends no line", help: "lines end with LF or CRLF")
      }
      cursor += 1
    }
    guard cursor < end else { return }
    cursor += 1
    line += 1
  }

  private var word: String {
    var stop = cursor
    while stop < end, stop.pointee != lineFeed, stop.pointee != UInt8(ascii: "\r"),
      stop.pointee != UInt8(ascii: "#"),
      !isBlank(stop.pointee)
    { stop += 1 }
    return String(decoding: UnsafeBufferPointer(start: cursor, count: stop - cursor), as: UTF8.self)
  }

  private var shortWord: String { word.count <= 40 ? word : word.prefix(40) + "…" }
}

private let colon = UInt8(ascii: ":")
