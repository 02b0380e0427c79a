import CSQLite
import Glibc

/// A store that cannot be used, in words a user can act on.
public struct StoreError: Error, CustomStringConvertible, Equatable {
  public enum Code: String, Sendable {
    /// There is no such file.
    case missing
    /// The file is something else.
    case notAStore
    /// Made by a newer version.
    case newer
    case cannotOpen, readOnly, corrupt, diskFull, locked, failed
    /// A name that a study cannot have.
    case badName
    /// The trial is another's by now, or has ended.
    case notClaimed
    /// A trial that is claimed with other parameters than it has.
    case differentTrial
  }

  public var code: Code
  public var path: String
  /// What was found, and what was expected.
  public var detail: String
  /// What the user can do.
  public var help: String?

  public init(_ code: Code, _ path: String, _ detail: String, help: String? = nil) {
    self.code = code
    self.path = path
    self.detail = detail
    self.help = help
  }

  public var description: String {
    switch code {
    case .missing: "there is no store '\(path)'"
    case .badName, .notClaimed, .differentTrial: detail
    default: "cannot use the store '\(path)': \(detail)"
    }
  }
}

extension StoreError {
  /// - Parameter result: What SQLite gave, the extended code.
  init(_ result: Int32, _ database: OpaquePointer?, _ path: String) {
    let text = sqlite3_errmsg(database).map { String(cString: $0) } ?? String(cString: sqlite3_errstr(result))
    let number = database.map { sqlite3_system_errno($0) } ?? 0
    let reason = number != 0 ? "\(text) (\(String(cString: strerror(number))))" : text
    switch result & 0xff {
    case SQLITE_BUSY, SQLITE_LOCKED:
      self.init(
        .locked, path, "another process keeps it locked",
        help: "see who has it open with `fuser \(path)`; a process that has ended locks nothing")
    case SQLITE_FULL:
      self.init(.diskFull, path, "the disk is full", help: "free some space on that disk")
    case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH:
      self.init(.readOnly, path, "it cannot be written to: \(reason)", help: Self.otherPlace)
    case SQLITE_CANTOPEN:
      // What SQLite says is of its last attempt, which was to read the file.
      let why = Self.reasonNotToMake(path) ?? reason
      self.init(.cannotOpen, path, "it cannot be opened: \(why)", help: Self.otherPlace)
    case SQLITE_NOTADB: self.init(.notAStore, path, "it is not an SQLite database", help: Self.otherFile)
    case SQLITE_CORRUPT:
      self.init(
        .corrupt, path, "it is damaged: \(text)",
        help: "move it away, or save what can be read: sqlite3 '\(path)' .recover | sqlite3 saved.db")
    case SQLITE_IOERR where number == EFBIG || number == ENOSPC || number == EDQUOT:
      self.init(
        .diskFull, path, String(cString: strerror(number)),
        help: number == EFBIG ? "raise the limit of file sizes (ulimit -f)" : "free some space on that disk")
    case SQLITE_IOERR:
      self.init(
        .failed, path, reason, help: "see whether its disk is full or damaged, or a limit (ulimit -f) too low"
      )
    default: self.init(.failed, path, reason)
    }
  }

  /// Why a file that is not there cannot be made where it would be; `nil`: it is there, or could be made.
  private static func reasonNotToMake(_ path: String) -> String? {
    guard access(path, F_OK) != 0, errno == ENOENT else { return nil }
    let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    return access(folder, W_OK) == 0 ? nil : String(cString: strerror(errno))
  }

  static let otherPlace = "choose a place that you may write to"
  static let otherFile = "name another file; a store is made where there is none"
}

/// A study of that name is there already, and is of something else.
public struct StudyDiffers: Error, CustomStringConvertible, Equatable {
  public var path: String
  /// What the store has.
  public var stored: StudyRecord
  /// What was to be continued.
  public var wanted: StudyRecord

  public var description: String {
    let what =
      stored.kind != wanted.kind
      ? "of kind \(stored.kind.rawValue), not \(wanted.kind.rawValue)"
      : stored.objective != wanted.objective || stored.direction != wanted.direction
        ? "about \(stored.goal), not \(wanted.goal)" : "of another config"
    return "the study '\(wanted.name)' in '\(path)' is \(what)"
  }

  public var help: String {
    "give this one another name, or remove the old one: trainyard runs remove \(wanted.name)"
  }
}
