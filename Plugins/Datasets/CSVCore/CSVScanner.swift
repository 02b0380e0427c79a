import DataColumns
import Glibc
import PluginKit
import TextKernels

/// Walks over the bytes of a CSV text, cell by cell.
///
/// RFC 4180, with what is met in practice: lines end with LF, CRLF or CR, the last one need not, lines without a
/// character are skipped, and so are blanks around a cell that is not quoted. Quoted cells are unfolded where
/// they lie, so that a cell is always a stretch of the text.
struct CSVScanner {
  /// Of the place that is read next, from 1.
  private(set) var line = 1
  /// Of the beginning of the cell that was read last.
  private(set) var cellLine = 1
  /// Quotes in quoted cells are unfolded. Without it the text stays as it is and can be read again.
  var unfolds = true
  /// The cell that was read last was the last one of its row.
  private(set) var rowEnded = false

  private let path: String
  private let text: Memory
  private let separator: UInt8
  private var cursor: UnsafeMutablePointer<UInt8>
  /// Points to a line feed that is not part of the text, and ends the last cell without a check at every byte.
  private let end: UnsafeMutablePointer<UInt8>
  private let lineEnds: Int

  /// - Parameter text: must have room for `textSpare` bytes more than `count`.
  init(_ text: Memory, count: Int, separator: UInt8, path: String) throws {
    self.text = text
    self.separator = separator
    self.path = path
    cursor = text.start(as: UInt8.self)
    end = cursor + count
    end.pointee = lineFeed
    if count >= 2, (cursor[0] == 0xff && cursor[1] == 0xfe) || (cursor[0] == 0xfe && cursor[1] == 0xff) {
      throw PluginError("'\(path)' is UTF-16", help: "save it as UTF-8, or use `iconv -f UTF-16 -t UTF-8`")
    }
    let facts = text_look(cursor, count)
    lineEnds = facts.lines
    guard facts.bad < 0 else { throw Self.notText(cursor, facts.bad, path) }
    if count >= 3, cursor[0] == 0xef, cursor[1] == 0xbb, cursor[2] == 0xbf { cursor += 3 }
  }

  private static func notText(_ text: UnsafePointer<UInt8>, _ offset: Int, _ path: String) -> PluginError {
    if text[offset] == 0 {
      return PluginError("'\(path)' is not text: byte \(offset) is zero", help: "give a CSV file in UTF-8")
    }
    let line = text_look(text, offset).lines + 1
    return PluginError(
      "'\(path)' is not UTF-8: byte \(offset), in line \(line), is 0x\(String(text[offset], radix: 16))",
      help: "save it as UTF-8, or use `iconv -f WINDOWS-1252 -t UTF-8`")
  }

  /// No more rows than that follow, if each has `width` cells.
  func rowLimit(width: Int) -> Int { min(lineEnds + 1, (end - cursor) / max(width, 1) + 1) }

  /// Goes to the next line that is not empty; false where there is none.
  mutating func beginRow() -> Bool {
    rowEnded = false
    while cursor < end {
      guard cursor.pointee == lineFeed || cursor.pointee == carriageReturn else { return true }
      skipLineEnd()
    }
    return false
  }

  /// Reads cells that are plain numbers, each into the column at its place, up to a column that is `nil`, to a cell
  /// that is anything else, or to the end of the row. Returns how many.
  @inline(__always) mutating func numbers(
    into columns: UnsafeBufferPointer<UnsafeMutablePointer<Double>?>, row: Int
  ) -> Int {
    guard let first = columns.baseAddress else { return 0 }
    var stop: UnsafePointer<UInt8>? = UnsafePointer(cursor)
    let count = text_cells(&stop, separator, first, columns.count, row)
    guard let stop, count > 0 else { return 0 }
    cursor = UnsafeMutablePointer(mutating: stop)
    // Behind a separator the row goes on, if only with an empty cell.
    if (stop - 1).pointee != separator {
      rowEnded = true
      skipLineEnd()
    }
    return count
  }

  mutating func cell() throws -> Cell {
    cellLine = line
    skipBlanks()
    if cursor.pointee == quote { return try quotedCell() }
    let start = cursor
    while !isDelimiter(cursor.pointee) { cursor += 1 }
    var last = cursor
    while last > start, isBlank((last - 1).pointee) { last -= 1 }
    finishCell()
    return Cell(start: start, count: last - start)
  }

  /// Passes over the rest of the row and counts its cells.
  mutating func skipRow() throws -> Int {
    var count = 0
    while !rowEnded {
      _ = try cell()
      count += 1
    }
    return count
  }

  private mutating func quotedCell() throws -> Cell {
    let start = cursor + 1
    var write = start
    var read = start
    while true {
      guard let found = memchr(read, Int32(quote), end - read)?.assumingMemoryBound(to: UInt8.self) else {
        throw PluginError(
          "a quoted cell that begins in line \(cellLine) of '\(path)' has no end",
          help: "close it with \", or double the quotes inside a cell")
      }
      for place in read..<found where place.pointee == lineFeed { line += 1 }
      if unfolds, write != read { memmove(write, read, found - read) }
      write += found - read
      read = found + 1
      guard read.pointee == quote, read < end else { break }
      if unfolds { write.pointee = quote }
      write += 1
      read += 1
    }
    cursor = read
    skipBlanks()
    guard isDelimiter(cursor.pointee) else {
      throw PluginError(
        "text follows a quoted cell in line \(line) of '\(path)'",
        help: "double the quotes inside a cell: \"\"")
    }
    finishCell()
    return Cell(start: start, count: write - start)
  }

  @inline(__always) private mutating func finishCell() {
    if cursor.pointee == separator {
      cursor += 1
    } else {
      rowEnded = true
      skipLineEnd()
    }
  }

  @inline(__always) private mutating func skipLineEnd() {
    guard cursor < end else { return }
    cursor += cursor.pointee == carriageReturn && cursor + 1 < end && cursor[1] == lineFeed ? 2 : 1
    line += 1
  }

  private mutating func skipBlanks() { while isBlank(cursor.pointee) { cursor += 1 } }

  @inline(__always) private func isBlank(_ byte: UInt8) -> Bool {
    byte == space || (byte == tab && separator != tab)
  }

  @inline(__always) private func isDelimiter(_ byte: UInt8) -> Bool {
    byte == separator || byte == lineFeed || byte == carriageReturn
  }
}

/// A stretch of the text.
struct Cell: BitwiseCopyable {
  var start: UnsafePointer<UInt8>
  var count: Int

  init(start: UnsafePointer<UInt8>, count: Int) {
    self.start = start
    self.count = count
  }

  var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: start, count: count) }
  var text: String { String(decoding: bytes, as: UTF8.self) }
  /// For an error.
  var shortText: String { text.count <= 40 ? text : text.prefix(40) + "…" }

  func equals(_ other: UnsafeBufferPointer<UInt8>) -> Bool {
    guard count == other.count, let base = other.baseAddress else { return count == other.count }
    return memcmp(start, base, count) == 0
  }
}

private let lineFeed = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")
private let quote = UInt8(ascii: "\"")
private let space = UInt8(ascii: " ")
private let tab = UInt8(ascii: "\t")
