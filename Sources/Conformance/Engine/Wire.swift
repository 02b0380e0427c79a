/// Texts one after another, each with its length before it: what checker and child tell each other.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  mutating func put(_ text: String) {
    bytes += Array("\(text.utf8.count):".utf8)
    bytes += Array(text.utf8)
  }

  mutating func put(_ texts: [String]) {
    put("\(texts.count)")
    for text in texts { put(text) }
  }
}

/// Reads them back. The other side may have died in the middle, so that nothing is believed.
struct WireReader {
  struct Fault: Error {}

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func text() throws(Fault) -> String {
    guard let colon = bytes[position...].firstIndex(of: UInt8(ascii: ":")), colon - position < 12,
      let count = Int(String(decoding: bytes[position..<colon], as: UTF8.self)), count >= 0,
      count <= bytes.count - colon - 1
    else { throw Fault() }
    position = colon + 1 + count
    return String(decoding: bytes[(colon + 1)..<position], as: UTF8.self)
  }

  mutating func number() throws(Fault) -> Int {
    guard let number = Int(try text()) else { throw Fault() }
    return number
  }

  mutating func texts() throws(Fault) -> [String] {
    let count = try number()
    guard count >= 0, count <= bytes.count else { throw Fault() }
    var texts: [String] = []
    for _ in 0..<count { texts.append(try text()) }
    return texts
  }
}

extension Verdict {
  func write(to writer: inout WireWriter) {
    writer.put(outcome.rawValue)
    writer.put(summary)
    writer.put(detail)
  }

  init(from reader: inout WireReader) throws(WireReader.Fault) {
    guard let outcome = Outcome(rawValue: try reader.text()) else { throw WireReader.Fault() }
    self.init(outcome, try reader.text(), detail: try reader.texts())
  }
}
