import Glibc
import Training

/// Lets the files of a run go back to what they were at a checkpoint, whatever plugins have done to them since: what
/// was appended is cut off, by the length that the checkpoint has; what was replaced or removed was moved here before,
/// and what is new is known by name.
///
/// `resume/undo.jsonl` has a line for the first change of a file after each checkpoint:
///
///     {"after": 12, "file": "checkpoints/best.safetensors", "kept": "000004"}   changed or removed; its bytes are kept
///     {"after": 12, "file": "log.csv", "kept": null}                            was not there
final class FileUndo {
  private let folder: String
  /// The newest checkpoint whose snapshot was taken; 0: none yet, and there is nothing to go back to.
  private var checkpoint: Int
  private var entries: [Entry]
  /// Names that have a line since that checkpoint.
  private var noted: Set<String> = []
  private var next: Int
  private var journal: Journal?

  struct Entry: Equatable {
    var after: Int
    var file: String
    var kept: String?

    var json: JSONValue {
      .record([
        ("after", .int(Int64(after))), ("file", .string(file)), ("kept", kept.map { .string($0) } ?? .null),
      ])
    }

    init(after: Int, file: String, kept: String?) {
      self.after = after
      self.file = file
      self.kept = kept
    }

    /// - Returns: `nil` for a line that a failure of the machine has cut off, or nobody here has written.
    init?(_ line: Substring.UTF8View) {
      guard let text = String(validating: line, as: UTF8.self),
        let value = try? JSONValue(parsing: text, from: ""),
        let after = value["after"]?.int.flatMap({ Int(exactly: $0) }), let file = value["file"]?.string
      else { return nil }
      self.after = after
      self.file = file
      switch value["kept"] {
      case .null?: kept = nil
      case .string(let name)? where 1...12 ~= name.utf8.count && name.utf8.allSatisfy { 48...57 ~= $0 }:
        kept = name
      default: return nil
      }
    }
  }

  private final class Journal {
    let file: OutputFile
    init(_ file: consuming OutputFile) { self.file = file }
  }

  /// - Parameter checkpoint: The one that the run goes on from; 0 in a new run.
  init(_ folder: String, from checkpoint: Int = 0) {
    self.folder = folder
    self.checkpoint = checkpoint
    entries = Self.read(folder).filter { $0.after < checkpoint }
    next = (entries.compactMap { $0.kept.flatMap { Int($0) } }.max() ?? 0) &+ 1
  }

  private static func journalPath(_ folder: String) -> String { PathName.join(folder, "undo.jsonl") }
  private static func keptPath(_ name: String, _ folder: String) -> String {
    PathName.join(PathName.join(folder, "kept"), name)
  }

  private static func read(_ folder: String) -> [Entry] {
    guard let bytes = try? InputFile.read(journalPath(folder)) else { return [] }
    return bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      Entry(Substring(decoding: line, as: UTF8.self).utf8)
    }
  }

  // MARK: Before a change

  /// A file that is not there will be.
  func willCreate(_ name: String) throws {
    guard checkpoint > 0, noted.insert(name).inserted else { return }
    try write(Entry(after: checkpoint, file: name, kept: nil), isSynced: false)
  }

  /// The file at `path` will be replaced or removed.
  /// - Parameter byMoving: It is taken away here; otherwise it stays, under a second name.
  /// - Returns: Whether it has been taken away.
  func willReplace(_ name: String, at path: String, byMoving: Bool) throws -> Bool {
    guard checkpoint > 0, noted.insert(name).inserted else { return false }
    var info = stat()
    guard lstat(path, &info) == 0 else {
      try write(Entry(after: checkpoint, file: name, kept: nil), isSynced: false)
      return false
    }
    let digits = String(next)
    let kept = String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits
    next += 1
    let target = Self.keptPath(kept, folder)
    try PathName.makeFolders(PathName.folder(of: target))
    unlink(target)
    // Told before it is done: a line whose file is not there has nothing to undo.
    try write(Entry(after: checkpoint, file: name, kept: kept), isSynced: true)
    let code = byMoving ? rename(path, target) : link(path, target)
    // A file system without second names: what is replaced is gone then, as it is without checkpoints.
    guard code == 0 || !byMoving && (errno == EPERM || errno == EOPNOTSUPP) else {
      throw FileError("keep", path)
    }
    return byMoving
  }

  private func write(_ entry: Entry, isSynced: Bool) throws {
    let journal = try self.journal ?? Journal(try OutputFile(appending: Self.journalPath(folder)))
    self.journal = journal
    try journal.file.write(JSONWriter.compact(entry.json) + "\n")
    if isSynced { try journal.file.sync() }
    entries.append(entry)
  }

  // MARK: Checkpoints

  /// A checkpoint has been taken: what changes from now on is of its time.
  func taken(_ number: Int) {
    checkpoint = number
    noted = []
  }

  /// Lets go what only checkpoints before `oldest` would need.
  func forget(before oldest: Int) throws {
    let old = entries.filter { $0.after < oldest }
    guard !old.isEmpty else { return }
    for name in old.compactMap(\.kept) { unlink(Self.keptPath(name, folder)) }
    entries.removeAll { $0.after < oldest }
    try rewrite()
  }

  private func rewrite() throws {
    journal = nil
    let text = entries.map { JSONWriter.compact($0.json) + "\n" }.joined()
    try AtomicFile.write(text, to: Self.journalPath(folder))
  }

  // MARK: Going back

  /// Puts the files of a run back to what they were at a checkpoint. May be done again, should it be cut short.
  /// - Returns: What could not be put back, in words.
  static func restore(_ run: String, to checkpoint: Int, lengths: FileLengths, in folder: String) throws
    -> [String]
  {
    AtomicFile.removeLeftovers(below: run, except: PathName.last(of: folder))
    var problems: [String] = []
    var seen: Set<String> = []
    for entry in read(folder) where entry.after >= checkpoint && seen.insert(entry.file).inserted {
      // No path that is read here leads out of the run's folder, by no link either.
      guard let path = PathName.own(entry.file, of: run) else {
        problems.append("'\(entry.file.shownInMessages)' is no file of the run's folder: left as it is")
        continue
      }
      guard let kept = entry.kept else {
        unlink(path)
        continue
      }
      let source = keptPath(kept, folder)
      guard PathName.exists(source) else { continue }
      try PathName.makeFolders(PathName.folder(of: path))
      guard rename(source, path) == 0 else { throw FileError("put back", path) }
    }
    for (name, length) in lengths.sorted(by: { $0.key < $1.key }) {
      guard let path = PathName.own(name, of: run) else {
        problems.append("'\(name.shownInMessages)' is no file of the run's folder: left as it is")
        continue
      }
      try cut(path, name, to: length, &problems)
    }
    let undo = FileUndo(folder, from: checkpoint)
    try undo.rewrite()
    let needed = Set(undo.entries.compactMap(\.kept))
    for name in PathName.entries(of: PathName.join(folder, "kept")) where !needed.contains(name) {
      unlink(keptPath(name, folder))
    }
    return problems
  }

  private static func cut(_ path: String, _ name: String, to length: Int, _ problems: inout [String]) throws {
    var info = stat()
    guard lstat(path, &info) == 0 else {
      problems.append("'\(name.shownInMessages)' is gone: it begins anew")
      return
    }
    guard info.st_mode & S_IFMT == S_IFREG else {
      problems.append("'\(name.shownInMessages)' is no file of the run's folder: left as it is")
      return
    }
    guard info.st_size >= length else {
      problems.append(
        "'\(name.shownInMessages)' has \(info.st_size) bytes, and had \(length) at the checkpoint: something is missing in it"
      )
      return
    }
    guard info.st_size == length || truncate(path, length) == 0 else { throw FileError("cut", path) }
  }
}
