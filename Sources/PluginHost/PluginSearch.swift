import Glibc

/// Finds components by id or by path. Folders are searched in their order, and never the working directory unless a
/// path says so.
public struct PluginSearch: Sendable {
  /// Absolute paths, in the order of the search. Folders that do not exist are skipped.
  public let folders: [String]
  /// Libraries are opened by a process that ends, and not by this one.
  private let isInHelper: Bool

  /// Searches these folders and no others.
  public init(folders: [String]) { self.init(folders: folders, isInHelper: false) }

  private init(folders: [String], isInHelper: Bool) {
    self.folders = folders
    self.isInHelper = isInHelper
  }

  /// The same search, by a helper process: what it finds cannot be created here, and what a library does when it is
  /// opened is done there. Where there is no program for one it opens libraries as ever.
  public var inHelper: PluginSearch {
    PluginSearch(folders: folders, isInHelper: HelperProgram.executable() != nil)
  }

  /// The components of the library at `path`.
  public func components(of path: String, userPath: String? = nil) throws(LoadError) -> [ComponentDescription]
  {
    guard isInHelper else { return try PluginLibrary.open(path, userPath: userPath).components }
    return try LibraryProbe.components(of: path, userPath: userPath ?? path)
  }

  /// Searches, in this order: `explicit`, the project's `plugins/` folder, `$TRAINYARD_PLUGIN_PATH`, the user's
  /// data folder, the installed plugins, and beside the program, where a development build has them.
  /// - Parameter variable: Looks up environment variables.
  public static func standard(
    explicit: [String] = [], project: String? = nil, variable: (String) -> String? = environmentVariable
  ) -> PluginSearch {
    var folders = explicit
    if let project { folders.append(project) }
    // An empty entry would mean the working directory to a shell; here it means nothing.
    folders += (variable("TRAINYARD_PLUGIN_PATH") ?? "").split(separator: ":").map(String.init)
      .filter { $0.hasPrefix("/") }
    if let data = variable("XDG_DATA_HOME"), data.hasPrefix("/") {
      folders.append(data + "/trainyard/plugins")
    } else if let home = variable("HOME"), home.hasPrefix("/") {
      folders.append(home + "/.local/share/trainyard/plugins")
    }
    if let program = programFolder() {
      folders.append(program + "/../lib/trainyard/plugins")
      folders.append(program)
    }
    return PluginSearch(folders: folders)
  }

  /// The component that `reference` names: an id, or a path to a library.
  ///
  /// A reference with a `/` in it is a path, relative to `base` or else to the working directory. A name that ends in
  /// `.so` is looked for in the folders.
  /// - Parameters:
  ///   - kind: What is needed; `nil`: any kind.
  ///   - component: Which one of a library's components, by id, where a path leads to several.
  public func find(
    _ reference: String, kind: PluginKind? = nil, component: String? = nil, relativeTo base: String? = nil
  ) throws(LoadError) -> ComponentDescription {
    if reference.contains("/") || reference.hasSuffix(".so") {
      let components = try components(of: try path(reference, base), userPath: reference)
      return try choose(from: components, reference, kind: kind, component: component)
    }
    return try find(id: reference, kind: kind)
  }

  /// Every component in the folders, in the order of ids, and what is wrong with the libraries that cannot be opened.
  /// Of components with one id, the first in the order of the folders is the one that `find` gives.
  public func all() -> (components: [ComponentDescription], problems: [LoadError]) {
    var found: [String: ComponentDescription] = [:]
    var problems: [LoadError] = []
    for path in folders.flatMap(libraries) where PluginLibrary.isPlugin(path) {
      do {
        for component in try components(of: path) where found[component.id] == nil {
          found[component.id] = component
        }
      } catch {
        problems.append(error)
      }
    }
    return (found.values.sorted { $0.id < $1.id }, problems)
  }

  // MARK: - By id

  private func find(id: String, kind: PluginKind?) throws(LoadError) -> ComponentDescription {
    var otherKind: ComponentDescription?
    // The file's name usually says it; then nothing else is opened.
    for folder in folders {
      let path = folder + "/lib\(id).so"
      guard access(path, F_OK) == 0 else { continue }
      if let found = try components(of: path).first(where: { $0.id == id }) {
        if kind == nil || found.kind == kind { return found }
        otherKind = otherKind ?? found
      }
    }
    let (components, problems) = all()
    if let found = components.first(where: { $0.id == id }) {
      if kind == nil || found.kind == kind { return found }
      otherKind = otherKind ?? found
    }
    if let otherKind, let kind { throw SearchFault.otherKind(otherKind.kind, needed: kind).error(at: id) }
    let candidates = components.filter { kind == nil || $0.kind == kind }
    throw SearchFault.noSuchPlugin(
      kind, nearest: NearestName.of(id, among: candidates.map(\.id)), count: components.count,
      unopened: problems.count
    ).error(at: id)
  }

  /// The shared libraries in a folder, in the order of their names.
  private func libraries(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if let name, name.hasSuffix(".so"), !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted().map { folder + "/" + $0 }
  }

  // MARK: - By path

  private func path(_ reference: String, _ base: String?) throws(LoadError) -> String {
    if reference.hasPrefix("/") { return reference }
    if reference.contains("/") { return base.map { $0 + "/" + reference } ?? reference }
    // A bare name: in the folders, never by accident in the working directory.
    for folder in folders where access(folder + "/" + reference, F_OK) == 0 {
      return folder + "/" + reference
    }
    throw SearchFault.noSuchFileInFolders.error(at: reference)
  }

  private func choose(
    from components: [ComponentDescription], _ reference: String, kind: PluginKind?, component: String?
  ) throws(LoadError) -> ComponentDescription {
    let ids = components.map(\.id)
    if let component {
      guard let found = components.first(where: { $0.id == component }) else {
        let nearest = NearestName.of(component, among: ids)
        throw SearchFault.noSuchComponent(component, nearest: nearest, ids).error(at: reference)
      }
      if let kind, found.kind != kind {
        throw SearchFault.otherKind(found.kind, needed: kind).error(at: component)
      }
      return found
    }
    let fitting = components.filter { kind == nil || $0.kind == kind }
    if fitting.count == 1 { return fitting[0] }
    if let kind, fitting.isEmpty {
      throw SearchFault.noneOfKind(kind, components.map { ($0.id, $0.kind) }).error(at: reference)
    }
    throw SearchFault.severalComponents(fitting.map(\.id)).error(at: reference)
  }

  // MARK: - Places

  /// A variable of this process; `nil` also for an empty one.
  public static func environmentVariable(_ name: String) -> String? { Foreign.words(getenv(name)) }

  private static func programFolder() -> String? {
    guard let path = realpath("/proc/self/exe", nil) else { return nil }
    defer { free(path) }
    guard let text = try? Foreign.text(path), let slash = text.lastIndex(of: "/") else { return nil }
    return String(text[..<slash])
  }
}
