import Glibc

/// Files that come into being together: each is written beside its name, all are synced at the same time, and then each gets
/// its name. What is not committed leaves nothing behind.
///
/// None has its name before all are safe, and each is there whole or not at all.
final class FileGroup {
  private var synced: [SyncedFile] = []
  private var entries: [Entry] = []

  private struct Entry {
    var temporary: String
    var path: String
    var isFolder: Bool
  }

  deinit { discard() }

  func add(_ text: String, as path: String) throws { try add(Array(text.utf8), as: path) }

  func add(_ bytes: [UInt8], as path: String) throws {
    try add(as: path) { file in try bytes.withUnsafeBytes { try file.write($0) } }
  }

  /// `body` writes the content; when it throws, the group is as it was.
  func add(as path: String, _ body: (borrowing OutputFile) throws -> Void) throws {
    let temporary = Self.temporary(path)
    do {
      synced.append(try Self.write(to: temporary, shownAs: path, body))
    } catch {
      unlink(temporary)
      throw error
    }
    entries.append(Entry(temporary: temporary, path: path, isFolder: false))
  }

  /// A folder that replaces the one of its name. `body` fills it; when it throws, the group is as it was.
  func addFolder(as path: String, _ body: (inout Folder) throws -> Void) throws {
    var folder = Folder(temporary: Self.temporary(path), path: path)
    do {
      try PathName.makeFolders(folder.temporary)
      try body(&folder)
      folder.synced.append(try SyncedFile(folder: folder.temporary, shownAs: path))
    } catch {
      PathName.remove(folder.temporary)
      guard var failure = error as? FileError, failure.path.hasPrefix(folder.temporary) else { throw error }
      // As the user would find it.
      failure.path = path + failure.path.dropFirst(folder.temporary.count)
      throw failure
    }
    synced += folder.synced
    entries.append(Entry(temporary: folder.temporary, path: path, isFolder: true))
  }

  /// A folder on its way: its files have their names in it, for it has not.
  struct Folder {
    fileprivate let temporary: String
    fileprivate let path: String
    fileprivate var synced: [SyncedFile] = []

    fileprivate init(temporary: String, path: String) {
      self.temporary = temporary
      self.path = path
    }

    mutating func add(_ text: String, as name: String) throws { try add(Array(text.utf8), as: name) }

    mutating func add(_ bytes: [UInt8], as name: String) throws {
      try add(as: name) { file in try bytes.withUnsafeBytes { try file.write($0) } }
    }

    mutating func add(as name: String, _ body: (borrowing OutputFile) throws -> Void) throws {
      synced.append(
        try FileGroup.write(
          to: PathName.join(temporary, name), shownAs: PathName.join(path, name), body))
    }
  }

  /// What has its name already is made safe with the rest.
  func include(_ files: [SyncedFile]) { synced += files }

  /// When this throws, no file of the group has taken its name unless the names could not be given.
  func commit() throws {
    let (synced, entries) = (self.synced, self.entries)
    do {
      try SyncedFile.syncAll(synced)
      for entry in entries {
        if entry.isFolder { PathName.remove(entry.path) }
        guard rename(entry.temporary, entry.path) == 0 else { throw FileError("write", entry.path) }
      }
    } catch {
      discard()
      throw error
    }
    (self.synced, self.entries) = ([], [])
    let folders = Set(entries.map { PathName.folder(of: $0.path) })
    try SyncedFile.syncAll(try folders.sorted().map { try SyncedFile(folder: $0) })
  }

  func discard() {
    for entry in entries { PathName.remove(entry.temporary) }
    (synced, entries) = ([], [])
  }

  private static func temporary(_ path: String) -> String { "\(path).\(getpid()).part" }

  private static func write(
    to path: String, shownAs shown: String, _ body: (borrowing OutputFile) throws -> Void
  ) throws -> SyncedFile {
    let file = try OutputFile(creating: path, shownAs: shown)
    try body(file)
    let synced = try file.duplicate()
    try file.close()
    return synced
  }
}
