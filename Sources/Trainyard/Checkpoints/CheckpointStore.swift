import Glibc
import Training

/// The checkpoints of a run: folders with numbers in `resume/`, which rise.
///
///     resume/00000012/manifest.txt          size and checksum of the files below, and of itself
///                     state.json            all but tensors
///                     tensors.safetensors
///     resume/history.jsonl                  the epochs that are complete, shared by all
///
/// A value: a writer on another thread hands back the store as it then is.
struct CheckpointStore: Sendable {
  let folder: String
  private let keep: Int
  private var history: RunHistoryFile

  /// - Parameter mark: Of the checkpoint that the run goes on from.
  init(_ folder: String, keep: Int, from mark: HistoryMark = HistoryMark()) {
    self.folder = folder
    self.keep = keep
    history = RunHistoryFile(Self.historyPath(folder), from: mark)
  }

  static func historyPath(_ folder: String) -> String { PathName.join(folder, "history.jsonl") }
  static let files = ["state.json", "tensors.safetensors"]

  static func path(_ number: Int, in folder: String) -> String {
    let digits = "\(number)"
    return PathName.join(folder, String(repeating: "0", count: max(0, 8 - digits.utf8.count)) + digits)
  }

  /// The numbers that are there, the newest first. Nothing is said of whether they are whole.
  static func numbers(in folder: String) -> [Int] {
    PathName.entries(of: folder).compactMap { name in
      name.utf8.count >= 8 && name.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        ? Int(name) : nil
    }.sorted(by: >)
  }

  // MARK: Writing

  /// Writes one beside the others, gives it its name when all of it is safe, and then lets the oldest go.
  mutating func write(_ contents: CheckpointContents, number: Int, after files: [SyncedFile]) throws {
    // What it will say of the run's files must be true after a failure of the machine.
    var synced = files
    if let file = try history.append(contents.run.epochs) { synced.append(file) }
    let path = Self.path(number, in: folder)
    let temporary = path + ".part"
    PathName.remove(temporary)
    do {
      guard mkdir(temporary, 0o755) == 0 else { throw FileError("make the folder", temporary) }
      var pool = TensorPool()
      let state = Array(JSONWriter.pretty(contents.json(history.mark, &pool)).utf8)
      try Self.writeFiles(state, pool.tensors, in: temporary, syncing: synced)
      guard rename(temporary, path) == 0 else { throw FileError("write", path) }
      try AtomicFile.syncFolder(of: path)
    } catch {
      PathName.remove(temporary)
      guard var failure = error as? FileError, failure.path.hasPrefix(temporary) else { throw error }
      failure.path = path + failure.path.dropFirst(temporary.count)
      throw failure
    }
    for old in Self.numbers(in: folder).dropFirst(keep) { Self.remove(old, in: folder) }
  }

  /// The manifest goes first: without it nothing takes the rest for a checkpoint.
  static func remove(_ number: Int, in folder: String) {
    let path = path(number, in: folder)
    PathName.remove(PathName.join(path, CheckpointManifest.name))
    PathName.remove(path)
  }

  /// The three files, safe when this returns, as the folder and `others` are. The disk begins with the tensors as soon as they
  /// are written, and all the rest is synced at the same time.
  private static func writeFiles(
    _ state: [UInt8], _ tensors: [SavedTensor], in folder: String, syncing others: [SyncedFile]
  ) throws {
    var manifest = CheckpointManifest()
    let size = tensors.reduce(0) { $0 + $1.bytes.count }
    let (tensorFile, tensorEntry) = try writeFile("tensors.safetensors", of: size, in: folder) {
      try SafeTensors.emit(tensors, $0)
    }
    let syncing = BackgroundJob { try tensorFile.sync() }
    let rest = Result {
      let (stateFile, stateEntry) = try writeFile("state.json", in: folder) { try state.withUnsafeBytes($0) }
      manifest.add("state.json", stateEntry)
      manifest.add("tensors.safetensors", tensorEntry)
      let last = Array(manifest.text.utf8)
      let (manifestFile, _) = try writeFile(CheckpointManifest.name, in: folder) {
        try last.withUnsafeBytes($0)
      }
      try SyncedFile.syncAll([stateFile, manifestFile, try SyncedFile(folder: folder)] + others)
    }
    // Whatever has failed: no thread is left behind.
    try syncing.finish()
    try rest.get()
  }

  /// Writes a new file, which is yet to be synced, and counts its bytes.
  private static func writeFile(
    _ name: String, of size: Int = 0, in folder: String,
    _ body: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws -> (SyncedFile, CheckpointManifest.Entry) {
    let path = PathName.join(folder, name)
    let file = try OutputFile(creating: path, shownAs: path)
    file.reserve(size)
    var entry = CheckpointManifest.Entry()
    try body { bytes in
      // In parts that a cache still has when they are counted.
      for start in stride(from: 0, to: bytes.count, by: 1 << 18) {
        let part = UnsafeRawBufferPointer(rebasing: bytes[start..<min(bytes.count, start + 1 << 18)])
        try file.write(part)
        entry.add(part)
      }
    }
    let synced = try file.duplicate()
    try file.close()
    return (synced, entry)
  }

  // MARK: Reading

  /// One checkpoint, every byte of it checked, with its epochs.
  /// - Throws: `CheckpointDamage`; `NewerCheckpoint` for one of a later format, also where this program could not
  ///   read it at all.
  static func read(_ number: Int, in folder: String) throws -> (
    contents: CheckpointContents, history: HistoryMark
  ) {
    let path = path(number, in: folder)
    do {
      let manifest = try CheckpointManifest(reading: PathName.join(path, CheckpointManifest.name))
      let state = try manifest.read("state.json", in: path, limit: 1 << 30)
      let tensors = try manifest.read("tensors.safetensors", in: path, limit: 1 << 40)
      guard let text = String(validating: state, as: UTF8.self) else {
        throw CheckpointDamage(path: path, detail: "state.json is not UTF-8")
      }
      let limits = ConfigLimits(bytes: 1 << 30, values: 10_000_000)
      let value = try JSONValue(parsing: text, from: path + "/state.json", limits: limits)
      let fields = CheckpointFields(value: value, path: path)
      let format = try fields.count("format")
      guard format <= CheckpointContents.format else { throw NewerCheckpoint(path: path, format: format) }
      var byName: [String: SavedTensor] = [:]
      for tensor in try SafeTensors.parse(tensors, path: path + "/tensors.safetensors").tensors {
        byName[tensor.name] = SavedTensor(copying: tensor)
      }
      var contents = try CheckpointContents(fields, byName)
      let mark = try HistoryMark(try fields.fields("history"))
      contents.run.epochs = try RunHistoryFile.read(historyPath(folder), to: mark)
      return (contents, mark)
    } catch let error as NewerCheckpoint {
      throw error
    } catch let error as CheckpointDamage {
      throw CheckpointDamage(
        path: path, detail: error.path == path ? error.detail : "\(error.path): \(error.detail)")
    } catch {
      throw CheckpointDamage(path: path, detail: "\(error)")
    }
  }
}

/// A checkpoint of a later version of this program.
struct NewerCheckpoint: Error, FailureWords {
  var path: String
  var format: Int

  var failureWords: (message: String, help: String?) {
    (
      "the checkpoint '\(path)' has format \(format), and this program reads up to \(CheckpointContents.format)",
      "resume the run with the version of trainyard that it was begun with, or a later one"
    )
  }
}

extension SavedTensor {
  init(copying weight: NamedTensor) {
    self.init(
      name: weight.name, type: weight.tensor.type, shape: weight.tensor.shape,
      bytes: Array(UnsafeRawBufferPointer(weight.tensor.bytes)), isTrainable: weight.isTrainable)
  }
}
