import PluginHost
import Training

/// Replays cases of traces through the plugins that can be found, and says where they decide otherwise.
public final class TraceRunner {
  /// What came of one case.
  public struct Verdict: Sendable {
    public enum Outcome: Sendable, Equatable {
      case passed, failed
      /// It differs, and its kind is on the list of those whose plugins are not all there yet.
      case pending
    }
    public var outcome: Outcome
    public var trace: TraceCase
    /// What differs, each with what was expected and what was found.
    public var differences: [String]
  }

  private let search: PluginSearch
  private var components: [String: Result<ComponentDescription, LoadError>] = [:]

  /// - Parameter pluginFolders: Searched before all others.
  public init(pluginFolders: [String] = []) {
    search = .standard(explicit: pluginFolders.map(PathName.absolute))
  }

  /// The traces of a file, or of every `*.jsonl` file of a folder, in the order of their names; a folder may have none.
  public static func files(_ path: String) -> [String] {
    guard PathName.isFolder(path) else { return [path] }
    let names = PathName.entries(of: path).filter { $0.hasSuffix(".jsonl") }
    return names.map { PathName.join(path, $0) }
  }

  /// One case after the other, on a thread of its own.
  public func run(_ traces: [TraceCase], _ onVerdict: (Verdict) throws -> Void) throws {
    try RunThread.perform { for trace in traces { try onVerdict(verdict(trace)) } }
  }

  private func verdict(_ trace: TraceCase) -> Verdict {
    let differences: [String]
    do { differences = try replay(trace) } catch { differences = [Self.words(error)] }
    if differences.isEmpty { return Verdict(outcome: .passed, trace: trace, differences: []) }
    let isPending = TraceKinds.pending.contains(TraceKinds.base(trace.kind))
    return Verdict(outcome: isPending ? .pending : .failed, trace: trace, differences: differences)
  }

  static func words(_ error: any Error) -> String {
    func words(_ problem: ConfigProblem) -> String {
      problem.help.isEmpty ? problem.message : "\(problem.message) (\(problem.help))"
    }
    return switch error {
    case let error as ConfigProblems: error.problems.map(words).joined(separator: "; ")
    case let error as ConfigProblem: words(error)
    case let error as LoadError: error.message
    default: "\(error)"
    }
  }

  // MARK: One case

  /// One instance of each callback serves all fits of the case.
  private func replay(_ trace: TraceCase) throws -> [String] {
    guard let callbacks = TraceKinds.callbacks(trace.kind, trace.options, host: trace.host) else {
      return ["no callback stands for the kind '\(trace.kind)'"]
    }
    let planned = try callbacks.enumerated().map { try plan($1, index: $0) }
    let scratch = try ReplayFolder()
    let replayer: Replayer
    do {
      replayer = try Replayer(planned)
    } catch let refusal as PluginFailure {
      // Its options cannot be: that is earlier than the peer notices, and the fit does not run through.
      return trace.fits.enumerated().compactMap { index, fit in
        fit.expected["error"] == nil ? "fit \(index + 1): the callback refuses its options: \(refusal)" : nil
      }
    }
    var folder = try RunFolder(in: scratch.path, name: "fit-1")
    if let content = trace.host["initial_file"]?.string {
      try AtomicFile.write(content, to: folder.file(TraceKinds.csvFile))
    }
    var differences: [String] = []
    for (index, fit) in trace.fits.enumerated() {
      if index > 0, TraceKinds.emptiesFolder(trace.kind) {
        folder = try RunFolder(in: scratch.path, name: "fit-\(index + 1)")
      }
      if fit.deletesFileBefore { try folder.remove(TraceKinds.csvFile) }
      let played = try replayer.play(
        fit.recording, Replayer.Setting(folder: folder, type: .float32, keepsAll: true))
      let check = TraceCheck(
        trace: trace, fit: fit, result: played.result, target: played.target, folder: folder,
        state: replayer.callbacks.count == 1 ? try? replayer.callbacks[0].saveState() : nil)
      differences += try check.differences().map { trace.fits.count > 1 ? "fit \(index + 1): \($0)" : $0 }
    }
    return differences
  }

  private func plan(_ callback: TraceKinds.Callback, index: Int) throws -> PlannedInstance {
    let found =
      components[callback.plugin]
      ?? Result { () throws(LoadError) in
        try search.find(callback.plugin, kind: .callback)
      }
    components[callback.plugin] = found
    let component = try found.get()
    let (values, problems) = OptionParser.values(
      for: ComponentSpec(component).options, from: JSONValue.object(callback.options).node, baseFolder: ".",
      owner: "callback '\(component.id)'")
    guard problems.isEmpty else { throw ConfigProblems(problems) }
    return PlannedInstance(
      component: component, name: index == 0 ? component.id : "\(component.id)-\(index + 1)",
      options: values.mapValues { PluginHost.OptionValue($0) })
  }
}
