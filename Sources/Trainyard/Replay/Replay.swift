import PluginHost
import Training

/// Tries callbacks on the recording of a run, without training: when would each have stopped it, which weights would
/// it have ended with, which files and learning rates would it have made?
///
/// ```swift
/// let replay = try Replay("runs/20260101-120000")
/// for report in try replay.play(["early-stopping:patience=2", "early-stopping:patience=5"]) {
///   print(report.settings, report.stop?.epoch ?? -1)
/// }
/// ```
public struct Replay {
  public let recording: Recording
  /// What is wrong with the recording, and does not keep it from being replayed.
  public let warnings: [String]
  /// The callbacks that a trace is about.
  private let ownCallbacks: [TraceKinds.Callback]
  private let numberType: Training.ElementType
  private let search: PluginSearch
  private let baseFolder: String

  /// - Parameters:
  ///   - path: The folder of a run, an `events.jsonl`, or a file of traces.
  ///   - caseName: Of a file of traces: the case, by its name or by its number from 1; without it, the only one.
  ///   - fit: Of a case with several: which, from 1.
  ///   - pluginFolders: Searched before all others.
  ///   - baseFolder: What relative paths of plugins are relative to. A lock file in it is obeyed, else one beside the
  ///     pipeline of the run.
  ///   - isLocked: Throws where there is no lock file.
  public init(
    _ path: String, caseName: String? = nil, fit: Int = 1, pluginFolders: [String] = [],
    baseFolder: String = ".", isLocked: Bool = false
  ) throws {
    self.baseFolder = PathName.absolute(baseFolder)
    var search = PluginSearch.standard(
      explicit: pluginFolders.map(PathName.absolute), project: PathName.join(self.baseFolder, "plugins"))
    search.pins = try LockFile.pins(
      at: self.baseFolder,
      ofRun: PathName.isFolder(path) ? path : PathName.folder(of: path),
      isRequired: isLocked)
    self.search = search
    let file = PathName.isFolder(path) ? PathName.join(path, "events.jsonl") : path
    if try caseName != nil || Self.isTrace(file) {
      let trace = try Self.find(caseName, in: file)
      guard trace.fits.indices.contains(fit - 1) else {
        throw ConfigProblem(
          .wrongValue, "case '\(trace.name)' has \(trace.fits.count) fits, and no fit \(fit)",
          at: trace.position)
      }
      recording = trace.fits[fit - 1].recording
      warnings = []
      ownCallbacks = TraceKinds.callbacks(trace.kind, trace.options, host: trace.host) ?? []
      numberType = .float32
    } else {
      (recording, warnings) = try RecordingReader.read(file)
      ownCallbacks = []
      numberType = .float64
    }
  }

  private static func isTrace(_ file: String) throws -> Bool {
    var lines = try RecordLines(file)
    return try lines.next()?.has("case") ?? false
  }

  private static func find(_ name: String?, in file: String) throws -> TraceCase {
    let cases = try TraceCase.read(file)
    if let name {
      if let found = cases.first(where: { $0.name == name }) { return found }
      if let number = Int(name), cases.indices.contains(number - 1) { return cases[number - 1] }
    } else if cases.count == 1 {
      return cases[0]
    }
    let nearest =
      name.flatMap { NearestName.of($0, among: cases.map(\.name)) }.map { "did you mean '\($0)'? " } ?? ""
    let found = name.map { "no case '\($0.shownInMessages)'" } ?? "\(cases.count) cases, and none is chosen"
    let first = cases.first.map { ", such as --case \($0.name)" } ?? ""
    throw ConfigProblems([
      ConfigProblem(
        .wrongValue, "'\(file)' has \(found)", in: "--case",
        help: nearest + "give a case's name, or a number from 1 to \(cases.count)\(first)")
    ])
  }

  // MARK: Playing

  /// - Parameters:
  ///   - callbacks: As on the command line, `id:key=value`. Of a trace: none means the case's own.
  ///   - together: All in one list, so that the effects of one are seen by the next; else each is tried by itself.
  ///   - folder: Where the files go that they write, each to a folder of its own; `nil`: to a temporary one.
  /// - Returns: A report for each callback, in their order.
  public func play(_ callbacks: [String], together: Bool = false, folder: String? = nil) throws
    -> [ReplayReport]
  {
    let planned = try plan(callbacks)
    let temporary = try folder == nil ? ReplayFolder() : nil
    let parent = folder ?? temporary?.path ?? ""
    let rounds = together ? [planned] : planned.map { [$0] }
    return try RunThread.perform {
      var reports: [ReplayReport] = []
      for (index, round) in rounds.enumerated() where !round.isEmpty {
        let name = together ? "together" : "\(index + 1)-\(round[0].instance.component.id)"
        let runFolder = try RunFolder(in: parent, name: name)
        let replayer = try Replayer(round.map(\.instance), writable: [parent])
        let played = try replayer.play(recording, Replayer.Setting(folder: runFolder, type: numberType))
        reports += round.map {
          ReplayReport(
            settings: $0.settings, instance: $0.instance, recording: recording, result: played.result,
            target: played.target, folder: runFolder.path, keepsFiles: folder != nil)
        }
      }
      return reports
    }
  }

  private func plan(_ callbacks: [String]) throws -> [(settings: String, instance: PlannedInstance)] {
    var planner = SpecPlanner(search: search, baseFolder: baseFolder)
    var planned: [(settings: String, instance: PlannedInstance)] = []
    if callbacks.isEmpty {
      for callback in ownCallbacks {
        let options = JSONValue.object(callback.options)
        if let instance = planner.instance(
          .callback, callback.plugin, options: options.node, from: "the trace")
        {
          planned.append(("\(callback.plugin) as in the trace", instance))
        }
      }
    }
    for text in callbacks {
      if let instance = planner.instance(.callback, text, from: "--callback") {
        planned.append((text, instance))
      }
    }
    guard planner.problems.isEmpty else { throw ConfigProblems(planner.problems) }
    guard !planned.isEmpty else {
      throw ConfigProblems([
        ConfigProblem(
          .missingKey, "there is no callback to try", in: "command line",
          help: "give one or more, as in --callback early-stopping:patience=5")
      ])
    }
    // Two of one kind need names of their own where they run together.
    var counts: [String: Int] = [:]
    for index in planned.indices {
      let name = planned[index].instance.name
      counts[name, default: 0] += 1
      if let count = counts[name], count > 1 { planned[index].instance.name = "\(name)-\(count)" }
    }
    return planned
  }
}
