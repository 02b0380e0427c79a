import Glibc
import PluginHost

/// The process in which a plugin is opened and a rule is checked. It reads its task, answers, and is gone; the
/// checker sees to it that it cannot stay.
public enum RuleChild {
  /// The name of the command that makes a program such a child.
  public static let command = "check-child"
  static let noteDescriptor: Int32 = 3
  static let exchangeDescriptor: Int32 = 4

  /// Does what descriptor 4 asks for.
  public static func main() -> Never {
    var limit = rlimit(rlim_cur: 0, rlim_max: 0)
    _ = setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    // What the plugin starts must not inherit them.
    for descriptor in [noteDescriptor, exchangeDescriptor] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    guard let task = try? ChildTask(SharedFile.read(exchangeDescriptor)) else {
      let words = "\(command) is for the checker alone; use `trainyard check`\n"
      _ = words.withCString { Glibc.write(STDERR_FILENO, $0, strlen($0)) }
      _exit(2)
    }
    _ = try? SharedFile.write([], to: exchangeDescriptor)
    let answer = answer(task, CallNote(descriptor: noteDescriptor))
    let written: Void? = try? SharedFile.write(answer.bytes, to: exchangeDescriptor)
    // Not `exit`: what a plugin left for then is no part of the answer.
    _exit(written == nil ? 2 : 0)
  }

  static func answer(_ task: ChildTask, _ note: CallNote?) -> ChildAnswer {
    do {
      switch task.work {
      case .describe: return try describe(task, note)
      case .rule(let id):
        guard let rule = Rule.named(id) else { throw CheckError("there is no rule '\(id)'") }
        return .verdict(verdict(rule, context(task, note)))
      case .measure(let disturbed):
        return .trace(try Measurement.lines(context(task, note), disturbed: disturbed))
      }
    } catch let error as CheckError {
      return .unusable(message: error.description, help: error.help ?? "", isContract: false, path: "")
    } catch { return .unusable(message: "\(error)", help: "", isContract: true, path: task.library) }
  }

  private static func verdict(_ rule: Rule, _ context: RuleContext) -> Verdict {
    do { return try rule.check(context) } catch {
      switch error {
      case let skip as Skip: return .skipped(skip.reason)
      case let failure as PluginFailure: return .failed("\(failure.call) failed: \(failure.words)")
      case let error as LoadError: return .failed(error.detail)
      default: return .failed("\(error)")
      }
    }
  }

  private static func context(_ task: ChildTask, _ note: CallNote?) -> RuleContext {
    RuleContext(
      libraryPath: task.library, componentID: task.component, level: task.level, seed: task.seed,
      scratch: task.scratch, measured: Set(task.measured), options: task.options, note: note)
  }

  private static func describe(_ task: ChildTask, _ note: CallNote?) throws -> ChildAnswer {
    let isPath = task.library.contains("/")
    note?.enter("trainyard_plugin", epoch: -1, batch: -1)
    note?.scene(isPath ? task.library : "")
    do {
      let search = PluginSearch(folders: task.searchFolders)
      let path = isPath ? task.library : try locate(task.library, search)
      note?.scene(path)
      let library = try PluginLibrary.open(path, userPath: task.library)
      note?.leave()
      try checkOptions(library, task)
      return .library(
        LibraryReport(
          path: library.path,
          components: library.components.map { .init(id: $0.id, kind: $0.kind, version: $0.version) }))
    } catch let error as LoadError {
      return .unusable(
        message: error.message, help: error.remedy, isContract: error.code.isAboutContract,
        path: note?.scene ?? task.library)
    }
  }

  /// The path of an id or of a library's name: where a folder has it, nothing is opened to find it.
  private static func locate(_ name: String, _ search: PluginSearch) throws -> String {
    let file = name.hasSuffix(".so") ? name : "lib\(name).so"
    for folder in search.folders where access(folder + "/" + file, F_OK) == 0 { return folder + "/" + file }
    return try search.find(name).libraryPath
  }

  /// The options must fit each component that is checked.
  private static func checkOptions(_ library: PluginLibrary, _ task: ChildTask) throws {
    let checked = library.components.filter { task.component.isEmpty || $0.id == task.component }
    if checked.isEmpty, !task.component.isEmpty {
      let ids = library.components.map(\.id)
      let nearest = NearestName.of(task.component, among: ids).map { "did you mean '\($0)'? " } ?? ""
      throw CheckError(
        "'\(task.library)' has no component '\(task.component)'",
        help: nearest + "it has \(ids.joined(separator: ", "))")
    }
    for component in checked {
      _ = try InstanceOptions(component, given: task.options, scratch: task.scratch)
    }
  }
}

extension LoadError.Code {
  /// Whether the library is there and breaks the contract.
  var isAboutContract: Bool {
    switch self {
    case .unresolvedSymbol, .noEntryPoint, .refused, .abiMismatch, .badDescription, .tableTooShort,
      .missingSlot,
      .duplicateComponent:
      true
    default: false
    }
  }
}
