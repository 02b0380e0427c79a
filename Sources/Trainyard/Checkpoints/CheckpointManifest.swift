import Training

/// `manifest.txt` of a checkpoint: what its other files must be. It comes into being last, and checks itself:
///
///     trainyard checkpoint 1
///     8123 0a1b2c3d state.json
///     52340 99887766 tensors.safetensors
///     end 5a5a5a5a
struct CheckpointManifest {
  static let name = "manifest.txt"
  private static let title = "trainyard checkpoint "

  struct Entry: Equatable {
    var size = 0
    var checksum = Checksum()
  }

  private var entries: [(name: String, entry: Entry)] = []

  init() {}

  mutating func add(_ name: String, _ entry: Entry) { entries.append((name, entry)) }

  var text: String {
    var text = "\(Self.title)\(CheckpointContents.format)\n"
    for (name, entry) in entries { text += "\(entry.size) \(entry.checksum.hex) \(name)\n" }
    return text + "end \(Checksum(Array(text.utf8)).hex)\n"
  }

  init(reading path: String) throws {
    let folder = PathName.folder(of: path)
    func damage(_ detail: String) -> CheckpointDamage { CheckpointDamage(path: folder, detail: detail) }
    guard let bytes = try? InputFile.read(path, limit: 1 << 16) else {
      throw damage("it has no \(Self.name), or one that cannot be read")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw damage("\(Self.name) is not UTF-8")
    }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let first = lines.first, first.hasPrefix(Self.title),
      let format = Int(first.dropFirst(Self.title.count))
    else { throw damage("\(Self.name) does not begin as one") }
    guard format <= CheckpointContents.format else { throw NewerCheckpoint(path: folder, format: format) }
    guard lines.count >= 3, lines.last == "", let end = lines.dropLast().last else {
      throw damage("\(Self.name) is cut off")
    }
    let counted = lines.dropLast(2).map { $0 + "\n" }.joined()
    guard end == "end \(Checksum(Array(counted.utf8)).hex)" else {
      throw damage("\(Self.name) does not have its checksum")
    }
    for line in lines.dropFirst().dropLast(2) {
      let parts = line.split(separator: " ", maxSplits: 2)
      guard parts.count == 3, let size = Int(parts[0]), size >= 0,
        let checksum = Checksum(hex: String(parts[1]))
      else { throw damage("\(Self.name) has a line that is none: '\(String(line).shownInMessages)'") }
      entries.append((String(parts[2]), Entry(size: size, checksum: checksum)))
    }
  }

  /// The bytes of a file, which are what they were when it was written.
  func read(_ name: String, in folder: String, limit: Int) throws -> [UInt8] {
    guard let entry = entries.first(where: { $0.name == name })?.entry else {
      throw CheckpointDamage(path: folder, detail: "\(Self.name) does not tell of \(name)")
    }
    let bytes: [UInt8]
    do { bytes = try InputFile.read(PathName.join(folder, name), limit: min(limit, entry.size)) } catch {
      throw CheckpointDamage(path: folder, detail: "\(error)")
    }
    guard bytes.count == entry.size else {
      throw CheckpointDamage(
        path: folder, detail: "\(name) has \(bytes.count) bytes, and was written with \(entry.size)")
    }
    guard Checksum(bytes) == entry.checksum else {
      throw CheckpointDamage(
        path: folder, detail: "\(name) does not have the checksum that it was written with")
    }
    return bytes
  }
}

extension CheckpointManifest.Entry {
  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    size += bytes.count
    checksum.add(bytes)
  }
}
