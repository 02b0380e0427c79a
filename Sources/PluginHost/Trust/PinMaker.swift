import Glibc

/// Makes pins of libraries as they are now.
public enum PinMaker {
  /// The pin of the library at `path`, with all that it needs beside what the system has.
  public static func pin(_ path: String) throws(LoadError) -> LibraryPins.Pin {
    do throws(LoadFault) {
      let file = try LibraryFile(path)
      try FileTrust.check(file.path, file.status)
      let copy = try SealedCopy(ofFileAt: file.path)
      close(copy.descriptor)
      let (folder, name) = split(file.path)
      var needs: [LibraryPins.Need] = []
      var seen = hostNeeds
      try collect(file.path, from: folder, &seen, &needs)
      return LibraryPins.Pin(file: name, sha256: copy.sha256, needs: needs)
    } catch {
      throw error.error(at: path)
    }
  }

  /// Those that have to be there first come first.
  private static func collect(
    _ path: String, from root: String, _ seen: inout Set<String>, _ needs: inout [LibraryPins.Need]
  ) throws(LoadFault) {
    let linkage = try LibraryFile(path, readsLinkage: true).linkage
    for name in linkage.needs where seen.insert(name).inserted {
      // What lies on no path of its own is the system's.
      guard let found = find(name, linkage, beside: split(path).folder) else { continue }
      try collect(found, from: root, &seen, &needs)
      let copy = try SealedCopy(ofFileAt: found)
      close(copy.descriptor)
      let place = found.hasPrefix(root + "/") ? String(found.dropFirst(root.count + 1)) : found
      needs.append(LibraryPins.Need(name: name, path: place, sha256: copy.sha256))
    }
  }

  /// As the dynamic linker looks, but for the system's own folders.
  private static func find(_ name: String, _ linkage: Linkage, beside folder: String) -> String? {
    if name.contains("/") { return canonical(name) }
    let variable = PluginSearch.environmentVariable("LD_LIBRARY_PATH") ?? ""
    let folders = linkage.searchPath + variable.split(separator: ":").map(String.init)
    for place in folders where !place.isEmpty {
      var place = place
      for mark in ["$ORIGIN", "${ORIGIN}"] {
        if let range = place.firstRange(of: mark) { place.replaceSubrange(range, with: folder) }
      }
      if let path = canonical(place + "/" + name), (try? LibraryFile(path)) != nil { return path }
    }
    return nil
  }

  /// What this program itself stands on is there before any plugin, and as trusted as the program.
  private static var hostNeeds: Set<String> {
    var seen: Set<String> = []
    guard let program = canonical("/proc/self/exe") else { return seen }
    func add(_ path: String) {
      guard let linkage = Linkage(ofFileAt: path) else { return }
      for name in linkage.needs where seen.insert(name).inserted {
        if let found = find(name, linkage, beside: split(path).folder) { add(found) }
      }
    }
    add(program)
    return seen
  }

  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    return (String(path[..<slash]), String(path[path.index(after: slash)...]))
  }

  private static func canonical(_ path: String) -> String? {
    guard let found = realpath(path, nil) else { return nil }
    defer { free(found) }
    return String(cString: found)
  }
}
