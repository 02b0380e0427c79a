import Glibc

/// Where the things lie that authors of plugins need: templates, headers, the Swift kit.
///
/// An installed program has them in `share/trainyard` beside its `bin`; one in a build folder has those of its tree.
struct AuthorFiles {
  var templates: String
  var header: String
  var cppHeader: String
  /// A Swift package with the product PluginKit.
  var kit: String
  /// The program itself.
  var program: String

  /// Throws `ProjectError.noTemplates` where neither is there.
  static func find() throws -> AuthorFiles {
    guard let buffer = realpath("/proc/self/exe", nil) else { throw ProjectError.noTemplates(beside: "") }
    defer { free(buffer) }
    let program = String(cString: buffer)
    let prefix = PathName.folder(of: PathName.folder(of: program))
    let share = prefix + "/share/trainyard"
    if PathName.isFolder(share + "/templates") {
      return AuthorFiles(
        templates: share + "/templates", header: prefix + "/include/trainyard.h",
        cppHeader: prefix + "/include/trainyard.hpp", kit: share + "/swift", program: program)
    }
    var tree = prefix
    while tree.count > 1 {
      let templates = tree + "/Sources/TrainyardCLI/Templates"
      if PathName.isFolder(templates) {
        let contract = tree + "/Sources/CTrainyard"
        return AuthorFiles(
          templates: templates, header: contract + "/include/trainyard.h",
          cppHeader: contract + "/cpp/trainyard.hpp", kit: tree, program: program)
      }
      tree = PathName.folder(of: tree)
    }
    throw ProjectError.noTemplates(beside: program)
  }

  /// How a project calls the program: by its name where the shell would find this very one.
  var command: String {
    for folder in (getenv("PATH").map { String(cString: $0) } ?? "").split(separator: ":") {
      guard let found = realpath(folder + "/trainyard", nil) else { continue }
      defer { free(found) }
      return String(cString: found) == program ? "trainyard" : program
    }
    return program
  }
}
