import Glibc

/// Who could change a file that is about to be run as code.
enum FileTrust {
  /// Refuses a library that others can write, or whose folder they can write. `path` is canonical.
  static func check(_ path: String, _ file: stat) throws(LoadFault) {
    if let why = strangersCanWrite(file, isFolder: false) {
      throw .writableByOthers(what: "the file", why: why)
    }
    let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    var status = stat()
    guard stat(folder.isEmpty ? "/" : folder, &status) == 0 else { return }
    if let why = strangersCanWrite(status, isFolder: true) {
      throw .writableByOthers(what: "its folder '\(folder)'", why: why)
    }
  }

  private static func strangersCanWrite(_ status: stat, isFolder: Bool) -> String? {
    if !isTrusted(status.st_uid) { return "belongs to another user (\(status.st_uid))" }
    // With the sticky bit, as in /tmp, others can add files but not replace ours.
    if isFolder, status.st_mode & S_ISVTX != 0 { return nil }
    if status.st_mode & S_IWOTH != 0 { return "can be written by everyone" }
    if status.st_mode & S_IWGRP != 0, !isPrivateGroup(status.st_gid, of: status.st_uid) {
      return "can be written by the group \(status.st_gid)"
    }
    return nil
  }

  /// Root, ourselves, and whoever owns this program and so could replace it anyway.
  private static func isTrusted(_ owner: uid_t) -> Bool {
    if owner == 0 || owner == geteuid() { return true }
    var program = stat()
    return stat("/proc/self/exe", &program) == 0 && program.st_uid == owner
  }

  /// Many systems give each user a group of the same name with nobody else in it.
  private static func isPrivateGroup(_ group: gid_t, of owner: uid_t) -> Bool {
    var buffer = [CChar](repeating: 0, count: 16384)
    var user = passwd()
    var foundUser: UnsafeMutablePointer<passwd>?
    guard getpwuid_r(owner, &user, &buffer, buffer.count, &foundUser) == 0, foundUser != nil,
      user.pw_gid == group, let name = Foreign.words(user.pw_name)
    else { return false }
    var entry = Glibc.group()
    var foundGroup: UnsafeMutablePointer<Glibc.group>?
    guard getgrgid_r(group, &entry, &buffer, buffer.count, &foundGroup) == 0, foundGroup != nil,
      Foreign.words(entry.gr_name) == name
    else { return false }
    var member = entry.gr_mem
    while let text = member?.pointee {
      if Foreign.words(text) != name { return false }
      member = member?.advanced(by: 1)
    }
    return true
  }
}
