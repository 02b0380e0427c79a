import ForeignCalls
import Glibc

/// Who could change a plugin that is about to be run: the rule is that for all libraries.
enum FileTrust {
  /// Refuses a library that others can write, or whose folder they can write. `path` is canonical.
  static func check(_ path: String, _ file: stat) throws(LoadFault) {
    if let (what, why) = FileOwnership.fault(path, file) { throw .writableByOthers(what: what, why: why) }
  }
}
