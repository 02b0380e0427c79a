import Synchronization
import Training

/// How far the history had come when a checkpoint was taken.
struct HistoryMark: Sendable, Equatable {
  var epochs = 0
  var bytes = 0
  /// Of all these bytes.
  var checksum = Checksum()

  var json: JSONValue {
    .record([
      ("epochs", .int(Int64(epochs))), ("bytes", .int(Int64(bytes))), ("crc32", .string(checksum.hex)),
    ])
  }

  init() {}

  init(_ fields: CheckpointFields) throws(CheckpointDamage) {
    epochs = try fields.count("epochs")
    bytes = try fields.count("bytes")
    guard let checksum = Checksum(hex: try fields.text("crc32")) else {
      throw fields.damage("'\(fields.place)crc32' is no checksum")
    }
    self.checksum = checksum
  }
}

/// `history.jsonl`: a line for each epoch that is complete. All checkpoints of a run share it, so that one of the
/// ten thousandth epoch costs no more than one of the first.
struct RunHistoryFile: Sendable {
  let path: String
  private(set) var mark = HistoryMark()

  init(_ path: String) { self.path = path }

  /// Goes on where a checkpoint says; what lies behind is of a run that was never to be.
  init(_ path: String, from mark: HistoryMark) {
    self.path = path
    self.mark = mark
  }

  /// Adds what is not there yet.
  /// - Returns: What must be synced before a checkpoint counts on it; `nil`: nothing is new.
  mutating func append(_ epochs: [Epoch]) throws -> SyncedFile? {
    let new = epochs.dropFirst(mark.epochs)
    guard !new.isEmpty || mark.epochs == 0 else { return nil }
    var text = ""
    for epoch in new { text += JSONWriter.compact(JSONValue(epoch)) + "\n" }
    let bytes = Array(text.utf8)
    let file = try OutputFile(appending: path)
    // Also what an attempt left that ended in the middle, as on a full disk.
    try file.truncate(to: mark.bytes)
    try bytes.withUnsafeBytes { try file.write($0) }
    let synced = try file.duplicate()
    try file.close()
    bytes.withUnsafeBytes { mark.checksum.add($0) }
    mark.bytes += bytes.count
    mark.epochs = epochs.count
    return synced
  }

  /// The epochs up to a mark.
  static func read(_ path: String, to mark: HistoryMark) throws -> [Epoch] {
    let bytes = try InputFile.read(path)
    guard bytes.count >= mark.bytes else {
      throw CheckpointDamage(
        path: path, detail: "it has \(bytes.count) bytes, and the checkpoint was taken with \(mark.bytes)")
    }
    let counted = Array(bytes.prefix(mark.bytes))
    guard Checksum(counted) == mark.checksum else {
      throw CheckpointDamage(path: path, detail: "its checksum is not that of the checkpoint")
    }
    var epochs: [Epoch] = []
    for line in counted.split(separator: UInt8(ascii: "\n")) {
      guard let text = String(validating: line, as: UTF8.self),
        let value = try? JSONValue(parsing: text, from: path)
      else { throw CheckpointDamage(path: path, detail: "line \(epochs.count + 1) is not JSON") }
      epochs.append(try CheckpointFields(value: value, path: path).epoch())
    }
    guard epochs.count == mark.epochs else {
      throw CheckpointDamage(path: path, detail: "it has \(epochs.count) epochs of \(mark.epochs)")
    }
    return epochs
  }
}
