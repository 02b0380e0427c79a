import Glibc

/// Reads YAML 1.2 and JSON into a `ConfigNode`. The bytes are anybody's: nothing in them is trusted.
///
/// Aliases and merge keys (`<<`) are taken; tags, several documents in one text and keys that are not
/// scalars are refused. A file whose name ends in `.json` is read as strict JSON, any other one as YAML,
/// of which JSON is a part.
public enum ConfigReader {
  /// The value of a file.
  public static func read(path: String, limits: ConfigLimits = ConfigLimits()) throws(ConfigProblems)
    -> ConfigNode
  {
    let bytes: [UInt8]
    do throws(ConfigProblem) {
      bytes = try FileBytes.read(path, limit: limits.bytes)
    } catch {
      throw ConfigProblems([error])
    }
    return try read(bytes: bytes, file: path, limits: limits)
  }

  /// The value of a text. `file` is what problems call it.
  public static func read(
    text: String, file: String, limits: ConfigLimits = ConfigLimits()
  ) throws(ConfigProblems) -> ConfigNode {
    try read(bytes: Array(text.utf8), file: file, limits: limits)
  }

  /// The value of a text that begins at a place in a larger one.
  public static func read(text: String, at start: SourcePosition) throws(ConfigProblems) -> ConfigNode {
    try read(Array(text.utf8), from: start, limits: ConfigLimits())
  }

  /// The value of a text as bytes, which need not be valid in any way.
  public static func read(
    bytes: [UInt8], file: String, limits: ConfigLimits = ConfigLimits()
  ) throws(ConfigProblems) -> ConfigNode {
    try read(bytes, from: SourcePosition(file: file, line: 1, column: 1), limits: limits)
  }

  static func read(
    _ bytes: [UInt8], from start: SourcePosition, limits: ConfigLimits
  ) throws(ConfigProblems) -> ConfigNode {
    do throws(ConfigProblem) {
      try check(bytes, start, limits)
    } catch {
      throw ConfigProblems([error])
    }
    if start.file.hasSuffix(".json") {
      return try JSONReader.read(bytes, from: start, limits: limits)
    }
    let events: [YAMLEvent]
    do throws(ConfigProblem) {
      events = try YAMLEvents.read(bytes, from: start, limits: limits)
    } catch {
      throw ConfigProblems([error])
    }
    var composer = YAMLComposer(events: events, start: start, limits: limits)
    return try composer.document()
  }

  private static func check(
    _ bytes: [UInt8], _ start: SourcePosition, _ limits: ConfigLimits
  ) throws(ConfigProblem) {
    if bytes.count > limits.bytes {
      throw .tooLarge(start.file, limits.bytes)
    }
    guard let offset = firstInvalidUTF8(bytes) else { return }
    var position = start
    for byte in bytes[..<offset] {
      if byte == UInt8(ascii: "\n") {
        position.line += 1
        position.column = 1
      } else if byte & 0xC0 != 0x80 {
        position.column += 1
      }
    }
    throw ConfigProblem(
      .invalidUTF8, "not UTF-8: byte 0x\(String(bytes[offset], radix: 16, uppercase: true)) is out of place",
      at: position, help: "save the file as UTF-8")
  }

  private static func firstInvalidUTF8(_ bytes: [UInt8]) -> Int? {
    var parser = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var offset = 0
    while true {
      switch parser.parseScalar(from: &iterator) {
      case .valid(let scalar): offset += scalar.count
      case .emptyInput: return nil
      case .error: return min(offset, bytes.count - 1)
      }
    }
  }
}

extension ConfigProblem {
  static func tooLarge(_ file: String, _ limit: Int) -> ConfigProblem {
    ConfigProblem(
      .tooLarge, "more than \(limit) bytes", at: SourcePosition(file: file),
      help: "is it the right file? a pipeline file holds settings, not data")
  }
}

/// The bytes of a file.
enum FileBytes {
  /// At most `limit` bytes; a longer file is a problem.
  static func read(_ path: String, limit: Int) throws(ConfigProblem) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw unreadable(path, errno) }
    defer { close(descriptor) }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0 else { throw unreadable(path, errno) }
    guard facts.st_mode & S_IFMT == S_IFREG else {
      let what = facts.st_mode & S_IFMT == S_IFDIR ? "it is a folder" : "it is not a regular file"
      throw ConfigProblem(
        .unreadableFile, "cannot read '\(path.shownInMessages)': \(what)", help: "name a YAML or JSON file")
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw unreadable(path, errno) }
      if count == 0 { return bytes }
      bytes += chunk.prefix(count)
      if bytes.count > limit { throw .tooLarge(path, limit) }
    }
  }

  private static func unreadable(_ path: String, _ code: Int32) -> ConfigProblem {
    ConfigProblem(
      .unreadableFile, "cannot read '\(path.shownInMessages)': \(String(cString: strerror(code)))",
      help: code == ENOENT
        ? "check the path, which is relative to the working directory" : "check its permissions")
  }
}
