import Glibc
import PluginKit
import TextKernels

/// Walks over a piece of a CSV text, cell by cell.
///
/// RFC 4180, with what is met in practice: lines end with LF, CRLF or CR, the last one need not, lines without a
/// character are skipped, and so are blanks around a cell that is not quoted.
struct CSVScanner {
  /// Of the place that is read next.
  private(set) var line: Int
  /// Of the beginning of the cell that was read last.
  private(set) var cellLine: Int
  /// The cell that was read last was the last one of its row.
  private(set) var rowEnded = false
  /// Cells may lie in them, and stay as long as they do.
  let unfolded = UnfoldedCells()

  private let text: CSVText
  private let separator: UInt8
  private var cursor: UnsafePointer<UInt8>
  /// No row begins there or later.
  private let limit: UnsafePointer<UInt8>
  /// Of the whole text.
  private let end: UnsafePointer<UInt8>

  /// - Parameter line: of the text, where `place` is in it.
  init(_ text: CSVText, from place: Int, to limit: Int, line: Int, separator: UInt8) {
    self.text = text
    self.separator = separator
    self.line = line
    cellLine = line
    cursor = text.start + place
    self.limit = text.start + limit
    end = text.start + text.count
  }

  /// Of what is read next, in bytes from the start of the text.
  var place: Int { cursor - text.start }

  /// Goes to the next line that is not empty; false where there is none.
  mutating func beginRow() -> Bool {
    rowEnded = false
    while cursor < limit {
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
    var stop: UnsafePointer<UInt8>? = cursor
    let count = text_cells(&stop, separator, first, columns.count, row)
    guard let stop, count > 0 else { return 0 }
    cursor = stop
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
    var read = start
    var doubled = 0
    while true {
      guard let found = memchr(read, Int32(quote), end - read) else {
        throw PluginError(
          "a quoted cell that begins in line \(cellLine) of '\(text.path)' has no end",
          help: "close it with \", or double the quotes inside a cell")
      }
      let closing = UnsafePointer(found.assumingMemoryBound(to: UInt8.self))
      for place in read..<closing where place.pointee == lineFeed { line += 1 }
      read = closing + 1
      guard read.pointee == quote, read < end else { break }
      read += 1
      doubled += 1
    }
    let cell = Cell(start: start, count: read - 1 - start)
    cursor = read
    skipBlanks()
    guard isDelimiter(cursor.pointee) else {
      throw PluginError(
        "text follows a quoted cell in line \(line) of '\(text.path)'",
        help: "double the quotes inside a cell: \"\"")
    }
    finishCell()
    return doubled == 0 ? cell : try unfolded.add(cell, doubled: doubled)
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
