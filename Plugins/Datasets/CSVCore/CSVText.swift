import DataColumns
import DataFiles
import PluginKit
import TextKernels

/// The content of a CSV file: text that was looked through once, and can be read from several places at once.
///
/// Whether a line end is one of a row or lies in a quoted cell can only be known from the start. So places to begin at
/// are guessed, and who reads must see that the piece before ends there.
final class CSVText {
  /// How places in the middle of the text are guessed.
  enum Guess: CaseIterable {
    /// Quotes come in pairs: line ends between them are none of a row. Right in files that are quoted as RFC 4180 says.
    case quotesArePaired
    /// Every line end is one of a row. Right where no cell has line ends, such as with inches in cells: 5",
    case everyLineEnd
    /// None: what is left is one piece.
    case nothing
  }

  /// Rows from a place to another.
  struct Piece {
    /// In bytes from the start of the text. The first row begins there.
    var place: Int
    /// The last row is the one that begins before it.
    var limit: Int
    /// There are no more rows than that.
    var rowLimit: Int
  }

  let path: String
  let start: UnsafePointer<UInt8>
  let count: Int
  private let memory: Memory
  private let marks: [Mark]

  /// A place between characters, and what lies before it.
  private struct Mark {
    var place: Int
    var lines = 0
    var quotes = 0
  }

  /// The file is untrusted.
  /// - Parameter leastPiece: in bytes; what is smaller is not worth a thread.
  init(_ path: String, threads: Int, leastPiece: Int) throws {
    self.path = path
    (memory, count) = try Self.load(path)
    let bytes = memory.start(as: UInt8.self)
    start = UnsafePointer(bytes)
    // No part of the text: it ends the last cell without a check at every byte.
    bytes[count] = UInt8(ascii: "\n")
    if count >= 2, (bytes[0] == 0xff && bytes[1] == 0xfe) || (bytes[0] == 0xfe && bytes[1] == 0xff) {
      throw PluginError("'\(path)' is UTF-16", help: "save it as UTF-8, or use `iconv -f UTF-16 -t UTF-8`")
    }
    marks = try Self.look(start, count, threads, leastPiece, path)
  }

  /// Behind a byte order mark.
  var firstCell: Int { count >= 3 && start[0] == 0xef && start[1] == 0xbb && start[2] == 0xbf ? 3 : 0 }

  /// No more rows than that follow `place` over all pieces, if each has `width` cells.
  func rowLimit(from place: Int, width: Int) -> Int {
    rowLimit(place, count, width) + marks.count + 1
  }

  /// What follows `place`, where a row begins.
  func pieces(from place: Int, width: Int, _ guess: Guess) -> [Piece] {
    var starts = [place]
    if guess != .nothing {
      let quotes = self.mark(before: place).quotes
      for (mark, next) in zip(marks, marks.dropFirst()) where mark.place > starts[starts.count - 1] {
        let isQuoted = guess == .quotesArePaired && (mark.quotes - quotes) % 2 != 0
        if let start = lineStart(from: mark.place, to: next.place, isQuoted) { starts.append(start) }
      }
    }
    return zip(starts, starts.dropFirst() + [count]).map { start, limit in
      Piece(place: start, limit: limit, rowLimit: rowLimit(start, limit, width))
    }
  }

  /// Behind the first line end that is not quoted; `nil` where there is none before `limit`.
  private func lineStart(from place: Int, to limit: Int, _ isQuoted: Bool) -> Int? {
    var isQuoted = isQuoted
    for here in place..<limit {
      switch start[here] {
      case UInt8(ascii: "\""): isQuoted.toggle()
      case UInt8(ascii: "\n") where !isQuoted: return here + 1
      case UInt8(ascii: "\r") where !isQuoted && start[here + 1] != UInt8(ascii: "\n"): return here + 1
      default: break
      }
    }
    return nil
  }

  /// Each row but the last has a line end, and a byte or more for each cell.
  private func rowLimit(_ place: Int, _ limit: Int, _ width: Int) -> Int {
    let lines = mark(before: limit).lines - mark(before: place).lines + (limit == count ? 1 : 0)
    return max(0, min(lines, (limit - place) / max(width, 1) + 1))
  }

  /// What lies before any place.
  private func mark(before place: Int) -> Mark {
    let nearest = marks.last { $0.place <= place } ?? Mark(place: 0)
    let facts = text_look(start + nearest.place, place - nearest.place)
    return Mark(place: place, lines: nearest.lines + facts.lines, quotes: nearest.quotes + facts.quotes)
  }

  // MARK: Loading

  /// Mapped where it is not compressed.
  private static func load(_ path: String) throws -> (memory: Memory, count: Int) {
    let file = try DataFile(path)
    guard let mapped = try file.mapped(spare: textSpare) else { return try file.readAll(spare: textSpare) }
    mapped.adviseSequential()
    return (try mapped.part(0, mapped.count + textSpare), mapped.count)
  }

  /// Sees that it is text, and marks as many places as there may be pieces, its start and its end among them.
  private static func look(
    _ text: UnsafePointer<UInt8>, _ count: Int, _ threads: Int, _ leastPiece: Int, _ path: String
  ) throws -> [Mark] {
    let size = threads == 1 ? max(count, 1) : max(leastPiece, min(count / (threads * 4), mostPiece))
    var places = stride(from: 0, to: count, by: size).map { place in
      if place == 0 { return 0 }
      // Characters have at most three bytes after their first.
      return (place..<min(place + 3, count)).first { text[$0] & 0xc0 != 0x80 } ?? min(place + 3, count)
    }
    places.append(count)
    let parts = try onThreads(threads, pieces: places.count - 1) { index in
      text_look(text + places[index], places[index + 1] - places[index])
    }
    var marks = [Mark(place: 0)]
    for (index, part) in parts.enumerated() {
      guard part.bad < 0 else { throw notText(text, places[index] + part.bad, path) }
      let last = marks[index]
      marks.append(
        Mark(place: places[index + 1], lines: last.lines + part.lines, quotes: last.quotes + part.quotes))
    }
    return marks
  }

  /// So that threads read the file at neighbouring places.
  private static let mostPiece = 1 << 24

  private static func notText(_ text: UnsafePointer<UInt8>, _ offset: Int, _ path: String) -> PluginError {
    if text[offset] == 0 {
      return PluginError("'\(path)' is not text: byte \(offset) is zero", help: "give a CSV file in UTF-8")
    }
    let line = text_look(text, offset).lines + 1
    return PluginError(
      "'\(path)' is not UTF-8: byte \(offset), in line \(line), is 0x\(String(text[offset], radix: 16))",
      help: "save it as UTF-8, or use `iconv -f WINDOWS-1252 -t UTF-8`")
  }
}
