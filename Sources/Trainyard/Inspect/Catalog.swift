import PluginHost
import Training

/// The plugins that can be found, and what each says of itself. Opens libraries; creates nothing.
public struct Catalog {
  public struct Entry: Sendable {
    public var kind: String
    public var id: String
    public var version: String
    public var summary: String
    public var library: String
  }

  private let search: PluginSearch

  /// - Parameters:
  ///   - folders: Searched before all others.
  ///   - project: The folder whose `plugins/` is searched next.
  /// Throws `ConfigProblems` for folders that do not exist.
  public init(folders: [String] = [], project: String = ".") throws {
    try PluginFolders.check(folders)
    // What is only looked at is not opened here: a damaged library ends a process that ends anyhow.
    search =
      PluginSearch.standard(
        explicit: folders.map(PathName.absolute),
        project: PathName.absolute(PathName.join(project, "plugins"))
      ).inHelper
  }

  /// Where plugins are looked for, in that order.
  public var folders: [String] { search.folders }

  /// Every component, by kind and id, and what is wrong with the libraries that cannot be opened.
  public func entries() -> (entries: [Entry], problems: [ConfigProblem]) {
    let (components, problems) = search.all()
    let entries = components.sorted { ($0.kind.rawValue, $0.id) < ($1.kind.rawValue, $1.id) }.map {
      Entry(kind: $0.kind.name, id: $0.id, version: $0.version, summary: $0.summary, library: $0.libraryPath)
    }
    return (entries, problems.map(ConfigProblem.init))
  }

  /// The description of a component, by id or by a library's path; of every component of a library that has
  /// several.
  public func descriptions(of reference: String, component: String? = nil) throws -> [PluginDescription] {
    do {
      if component == nil, reference.contains("/") || reference.hasSuffix(".so") {
        let path = PathName.exists(reference) ? PathName.absolute(reference) : reference
        return try search.components(of: path, userPath: reference).map(PluginDescription.init)
      }
      return [PluginDescription(try search.find(reference, component: component))]
    } catch { throw ConfigProblems([ConfigProblem(error)]) }
  }

  /// What a model says when it is made with its defaults, in a process of its own: an engine tells its version and where
  /// it was found, or what to install. Nothing for other kinds, and where options are required.
  public func words(of description: PluginDescription) -> [String] {
    let component = description.component
    guard component.kind == .model, !component.options.contains(where: \.isRequired) else { return [] }
    let run = RunContext()
    let planned = PlannedInstance(component: component, options: [:], isolation: IsolationSettings())
    do {
      let model = try ModelAdapter(planned, run: run)
      return model.context.effects.effects.compactMap { if case .log(_, let text) = $0 { text } else { nil } }
    } catch {
      let failure = failure(error, part: "model '\(planned.name)'", call: "create")
      return [failure.message] + (failure.help.map { ["help: " + $0] } ?? [])
    }
  }

  /// The JSON Schema of a whole pipeline file, with the options of every plugin that can be found.
  public func pipelineSchema() -> JSONValue {
    JSONSchema.pipeline(search.all().components.map { ComponentSpec($0) })
  }
}

extension ConfigProblem {
  init(_ error: LoadError) {
    self.init(.wrongValue, error.message, help: error.remedy)
  }
}
