import Glibc

/// A file, or a folder, whose bytes must be safe before something counts on them.
final class SyncedFile: Sendable {
  private let descriptor: Int32
  private let path: String
  private let isFolder: Bool

  /// - Parameter descriptor: Is duplicated: the file may be closed before this is done with it.
  init(_ descriptor: Int32, _ path: String) throws {
    self.descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    self.path = path
    isFolder = false
    guard self.descriptor >= 0 else { throw FileError("sync", path) }
  }

  /// A file that is there already.
  init(at path: String) throws {
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    self.path = path
    isFolder = false
    guard descriptor >= 0 else { throw FileError("open", path) }
  }

  /// The names in a folder, so that a rename or a removal in it lasts.
  /// - Parameter shown: What errors call it; by default `path`.
  init(folder path: String, shownAs shown: String? = nil) throws {
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    self.path = shown ?? path
    isFolder = true
    guard descriptor >= 0 else { throw FileError("open", self.path) }
  }

  func sync() throws {
    // Some file systems do not sync folders and say so: that is all they can give.
    guard fsync(descriptor) == 0 || errno == EINVAL || isFolder && errno == EROFS else {
      throw FileError("sync", path)
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// As many as wait for a disk at the same time.
  private static let mostAtOnce = 16

  /// Syncs all of them at the same time. A sync waits for the disk to empty its cache, and those that wait together wait
  /// once: ten files take about as long as one.
  /// - Throws: The first error, when all have been tried.
  static func syncAll(_ files: [SyncedFile]) throws {
    var failure: (any Error)?
    for start in stride(from: 0, to: files.count, by: mostAtOnce) {
      let together = files[start..<min(files.count, start + mostAtOnce)]
      let others = together.dropFirst().map { file in BackgroundJob { try file.sync() } }
      do { try together.first?.sync() } catch { failure = failure ?? error }
      for job in others {
        do { try job.finish() } catch { failure = failure ?? error }
      }
    }
    if let failure { throw failure }
  }
}
