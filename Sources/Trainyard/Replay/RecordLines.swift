/// The lines of a file with a JSON object in each, one after the other.
struct RecordLines {
  /// Of the whole file, in bytes.
  static let maximumSize = 1 << 30
  /// Of one line.
  static let limits = ConfigLimits(bytes: 64 << 20, values: 4_000_000, depth: 16)

  let file: String
  private let bytes: [UInt8]
  private var offset = 0
  private(set) var line = 0
  /// Why the last line was left out: it was cut off, as a crash leaves it.
  private(set) var warning: String?

  /// - Parameter shown: What problems call the file.
  init(_ path: String, shownAs shown: String? = nil) throws {
    file = shown ?? path
    bytes = try InputFile.read(path, limit: Self.maximumSize)
  }

  init(_ bytes: [UInt8], file: String) {
    self.file = file
    self.bytes = bytes
  }

  /// The next object; blank lines are passed over. A last line that has no end and cannot be read is one that was
  /// being written when the program ended: it is left out with a warning.
  mutating func next() throws -> RecordFields? {
    while offset < bytes.count {
      let end = bytes[offset...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      let text = Array(bytes[offset..<end])
      let isCutOff = end == bytes.count
      offset = min(end + 1, bytes.count)
      line += 1
      if text.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
      do {
        return try object(text)
      } catch  where isCutOff {
        warning = "line \(line) of '\(file)' is cut off and was left out"
        return nil
      }
    }
    return nil
  }

  private func object(_ text: [UInt8]) throws -> RecordFields {
    let position = SourcePosition(file: file, line: line, column: 1)
    guard text.count <= Self.limits.bytes else {
      throw ConfigProblems([
        ConfigProblem(.tooLarge, "the line has more than \(Self.limits.bytes) bytes", at: position)
      ])
    }
    guard String(validating: text, as: UTF8.self) != nil else {
      throw ConfigProblems([ConfigProblem(.invalidUTF8, "the line is not valid UTF-8", at: position)])
    }
    let value = JSONValue(try JSONReader.read(text, from: position, limits: Self.limits))
    guard value.members != nil else {
      throw ConfigProblems([
        ConfigProblem(
          .wrongType, "the line holds no JSON object", at: position, help: "each line is an object of its own"
        )
      ])
    }
    return RecordFields(value: value, position: position)
  }
}
