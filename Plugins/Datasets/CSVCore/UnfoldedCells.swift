import DataColumns
import DataFiles
import Glibc

/// Quoted cells with doubled quotes in them, as they read: the text itself is never written to.
final class UnfoldedCells {
  private var blocks: [Memory] = []
  private var used = 0

  /// - Parameter doubled: how many quotes stand for one half as many.
  func add(_ cell: Cell, doubled: Int) throws -> Cell {
    let count = cell.count - doubled
    // A cell may be looked at as a number, and beyond its end.
    let size = count + 1 + textSpare
    if blocks.last.map({ $0.byteCount - used < size }) ?? true {
      blocks.append(try Memory(zeros: max(size, 1 << 16)))
      used = 0
    }
    guard let block = blocks.last else { return cell }
    let target = block.start(as: UInt8.self) + used
    var (write, read) = (target, cell.start)
    let end = cell.start + cell.count
    while read < end {
      write.pointee = read.pointee
      read += read.pointee == UInt8(ascii: "\"") ? 2 : 1
      write += 1
    }
    write.pointee = UInt8(ascii: "\n")
    // The next one may lie where this one may be looked at.
    used += count + 1
    return Cell(start: UnsafePointer(target), count: count)
  }
}
