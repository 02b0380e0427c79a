import DataColumns
import DataFiles
import PluginKit

/// The different texts of a column and their codes. They must stay where they are while the table is used.
struct CategoryTable {
  private(set) var texts: [Cell] = []
  /// Open addressing: a code, or −1 where the slot is free. At most half are taken.
  private var slots = [Int32](repeating: -1, count: 64)
  private var hashes: [Int] = []

  /// The code of a text, in the order in which they are met.
  mutating func code(of text: Cell) throws -> Int32 { try code(of: text, hash(text)) }

  /// Adds the texts of another, and returns what their codes are here.
  mutating func add(_ other: CategoryTable) throws -> [Int32] {
    if texts.isEmpty {
      self = other
      return Array(0..<Int32(texts.count))
    }
    return try other.texts.indices.map { try code(of: other.texts[$0], other.hashes[$0]) }
  }

  private mutating func code(of text: Cell, _ hash: Int) throws -> Int32 {
    var slot = hash & (slots.count - 1)
    while slots[slot] >= 0 {
      let code = Int(slots[slot])
      if hashes[code] == hash, texts[code].equals(text.bytes) { return slots[slot] }
      slot = (slot + 1) & (slots.count - 1)
    }
    guard let code = Int32(exactly: texts.count) else {
      throw PluginError("a column has more than \(Int32.max) categories")
    }
    texts.append(text)
    hashes.append(hash)
    slots[slot] = code
    if texts.count * 2 > slots.count { enlarge() }
    return code
  }

  /// Names in their order, and the place of each code in it.
  func sorted() -> (names: [String], places: [Int32]) {
    let order = categoryOrder(texts.map(\.bytes))
    var places = [Int32](repeating: 0, count: texts.count)
    for (place, code) in order.enumerated() { places[code] = Int32(place) }
    return (order.map { texts[$0].text }, places)
  }

  /// By multiplication, eight bytes at a time, begun with what nobody can know beforehand.
  private func hash(_ text: Cell) -> Int {
    var mixed = Self.seed ^ UInt64(truncatingIfNeeded: text.count)
    var (place, rest) = (UnsafeRawPointer(text.start), text.count)
    while rest > 0 {
      // Bytes behind the text can be looked at, and are shifted out.
      let word = UInt64(littleEndian: place.loadUnaligned(as: UInt64.self))
      let (high, low) = (mixed ^ (rest >= 8 ? word : word << UInt64(64 - 8 * rest)))
        .multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
      mixed = high ^ low
      (place, rest) = (place + 8, rest - 8)
    }
    return Int(truncatingIfNeeded: mixed ^ mixed >> 32)
  }

  private static let seed = UInt64(truncatingIfNeeded: Hasher().finalize())

  private mutating func enlarge() {
    slots = [Int32](repeating: -1, count: slots.count * 2)
    for code in texts.indices {
      var slot = hashes[code] & (slots.count - 1)
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(code)
    }
  }
}

/// The cell as a number, when it is one from its first to its last byte.
func number(in cell: Cell) -> Double? {
  var value = 0.0
  guard cell.count > 0, let stop = scanDecimal(cell.start, &value), stop == cell.start + cell.count else {
    return nil
  }
  return value
}

/// The cell as a whole number.
func wholeNumber(in cell: Cell) -> Int64? { Int64(cell.text) }
