/// What a child is asked to do, and what it answers.
struct ChildTask: Equatable {
  enum Work: Equatable {
    /// Find the library, open it, say what is in it.
    case describe
    /// Check one rule.
    case rule(String)
    /// One run, written down, to see what differs between processes. `disturbed`: in a process that has more memory and
    /// has worked longer.
    case measure(disturbed: Bool)
  }

  var work = Work.describe
  /// An id or a path as the user wrote it, for `describe`; a path otherwise.
  var library = ""
  var searchFolders: [String] = []
  var component = ""
  var level = Rule.Level.standard
  var seed: UInt64 = 0
  var scratch = ""
  var measured: [String] = []
  var options: [(key: String, text: String)] = []

  var bytes: [UInt8] {
    var writer = WireWriter()
    switch work {
    case .describe: writer.put(["describe"])
    case .rule(let id): writer.put(["rule", id])
    case .measure(let disturbed): writer.put(["measure", "\(disturbed)"])
    }
    writer.put(library)
    writer.put(searchFolders)
    writer.put(component)
    writer.put("\(level.rawValue)")
    writer.put("\(seed)")
    writer.put(scratch)
    writer.put(measured)
    writer.put(options.flatMap { [$0.key, $0.text] })
    return writer.bytes
  }

  init() {}

  init(_ bytes: [UInt8]) throws {
    var reader = WireReader(bytes)
    let work = try reader.texts()
    switch work.first {
    case "rule": self.work = .rule(work.last ?? "")
    case "measure": self.work = .measure(disturbed: work.last == "true")
    default: self.work = .describe
    }
    library = try reader.text()
    searchFolders = try reader.texts()
    component = try reader.text()
    level = Rule.Level(rawValue: try reader.number()) ?? .standard
    seed = UInt64(try reader.text()) ?? 0
    scratch = try reader.text()
    measured = try reader.texts()
    let options = try reader.texts()
    for index in stride(from: 0, to: options.count - 1, by: 2) {
      self.options.append((options[index], options[index + 1]))
    }
  }

  static func == (a: ChildTask, b: ChildTask) -> Bool { a.bytes == b.bytes }
}

/// What a child answers.
enum ChildAnswer {
  case verdict(Verdict)
  case library(LibraryReport)
  /// The library cannot be used; `isContract`: because it breaks the contract, and not because there is none.
  case unusable(message: String, help: String, isContract: Bool, path: String)
  case trace([String])

  var bytes: [UInt8] {
    var writer = WireWriter()
    switch self {
    case .verdict(let verdict):
      writer.put("verdict")
      verdict.write(to: &writer)
    case .library(let library):
      writer.put("library")
      writer.put(library.path)
      writer.put(library.components.flatMap { [$0.id, "\($0.kind.rawValue)", $0.version] })
    case .unusable(let message, let help, let isContract, let path):
      writer.put("unusable")
      writer.put([message, help, "\(isContract)", path])
    case .trace(let lines):
      writer.put("trace")
      writer.put(lines)
    }
    return writer.bytes
  }

  init(_ bytes: [UInt8]) throws {
    var reader = WireReader(bytes)
    switch try reader.text() {
    case "verdict": self = .verdict(try Verdict(from: &reader))
    case "library":
      let path = try reader.text()
      self = .library(LibraryReport(path: path, fields: try reader.texts()))
    case "unusable":
      let texts = try reader.texts()
      guard texts.count == 4 else { throw WireReader.Fault() }
      self = .unusable(message: texts[0], help: texts[1], isContract: texts[2] == "true", path: texts[3])
    case "trace": self = .trace(try reader.texts())
    default: throw WireReader.Fault()
    }
  }
}
