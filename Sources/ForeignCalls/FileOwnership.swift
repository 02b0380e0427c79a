import Glibc

/// Who could change a file that is about to be run as code.
public enum FileOwnership {
  /// Which of the file and its folder others can write, and why; `nil`: neither. `path` is canonical.
  public static func fault(_ path: String, _ file: stat) -> (what: String, why: String)? {
    if let why = strangersCanWrite(file, isFolder: false) { return ("the file", why) }
    let folder = String(path[..<(path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex)])
    var status = stat()
    guard stat(folder.isEmpty ? "/" : folder, &status) == 0 else { return nil }
    return strangersCanWrite(status, isFolder: true).map { ("its folder '\(folder)'", $0) }
  }

  /// The same for a library as the linker would open it. What is not there is for the linker to tell.
  static func fault(library: String) -> (what: String, why: String)? {
    guard let canonical = realpath(library, nil) else { return nil }
    defer { free(canonical) }
    var status = stat()
    guard stat(canonical, &status) == 0 else { return nil }
    return fault(String(cString: canonical), status)
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
      user.pw_gid == group, let name = user.pw_name.map({ String(cString: $0) })
    else { return false }
    var entry = Glibc.group()
    var foundGroup: UnsafeMutablePointer<Glibc.group>?
    guard getgrgid_r(group, &entry, &buffer, buffer.count, &foundGroup) == 0, foundGroup != nil,
      entry.gr_name.map({ String(cString: $0) }) == name
    else { return false }
    var member = entry.gr_mem
    while let text = member?.pointee {
      if String(cString: text) != name { return false }
      member = member?.advanced(by: 1)
    }
    return true
  }
}
