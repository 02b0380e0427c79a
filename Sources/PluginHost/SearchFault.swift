/// Why a search found nothing, as facts; `error(at:)` gives them words.
enum SearchFault {
  case noSuchPlugin(PluginKind?, nearest: String?, count: Int, unopened: Int)
  case noSuchFileInFolders
  case noSuchComponent(String, nearest: String?, [String])
  case otherKind(PluginKind, needed: PluginKind)
  case noneOfKind(PluginKind, [(id: String, kind: PluginKind)])
  case severalComponents([String])

  func error(at path: String) -> LoadError {
    let (code, detail, remedy) = words
    return LoadError(code: code, path: path, detail: detail, remedy: remedy)
  }

  private var words: (LoadError.Code, String, String) {
    switch self {
    case .noSuchPlugin(let kind, let nearest, let count, let unopened):
      (
        .noSuchPlugin, "no \(kind?.name ?? "plugin") has that id",
        (nearest.map { "did you mean '\($0)'? " } ?? "") + "`trainyard list` shows all \(count)"
          + (unopened > 0 ? ", and what is wrong with \(unopened) that cannot be opened" : "")
      )
    case .noSuchFileInFolders:
      (
        .noSuchFile, "no folder of the search path has a file of that name",
        "for a file in the working directory, write it with a path: './libmine.so'"
      )
    case .noSuchComponent(let component, let nearest, let ids):
      (
        .noSuchComponent, "it has no component '\(component)'",
        (nearest.map { "did you mean '\($0)'? " } ?? "") + "it has: " + ids.joined(separator: ", ")
      )
    case .otherKind(let found, let needed):
      (
        .otherKind, "it is a \(found.name), and a \(needed.name) is needed here",
        "`trainyard list` shows the kinds"
      )
    case .noneOfKind(let needed, let found):
      (
        .otherKind, "it has no \(needed.name), which is needed here",
        "it has: " + found.map { "\($0.id) (\($0.kind.name))" }.joined(separator: ", ")
      )
    case .severalComponents(let ids):
      (
        .severalComponents, "it has several components: " + ids.joined(separator: ", "),
        "choose one with `component: \(ids.first ?? "")`"
      )
    }
  }
}
