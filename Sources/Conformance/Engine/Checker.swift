import Glibc
import PluginHost

/// Checks libraries: opens nothing itself, starts one child for each rule, and kills it when its time is over.
public struct Checker {
  /// The program whose `check-child` command a child is, and arguments before that.
  private let program: String
  private let rules: [Rule]

  public init(program: String = "/proc/self/exe") {
    self.program = program
    rules = Rule.all
  }

  /// Throws `CheckError` for what cannot be checked at all.
  /// - Parameter onResult: Told of each result as it comes.
  public func check(
    _ request: CheckRequest, onLibrary: (CheckReport) -> Void = { _ in },
    onResult: (CheckResult) -> Void = { _ in }
  ) throws -> CheckReport {
    try request.checkRuleIDs(rules)
    let (library, isOpen) = try describe(request)
    var report = CheckReport(
      reference: request.library, library: library, level: request.level, seed: request.seed,
      skipped: request.skip)
    onLibrary(report)
    for rule in rules {
      guard case .library = rule.scope, request.selects(rule) || !isOpen && rule.id == Rule.opens.id else {
        continue
      }
      let result = check(rule, nil, task(request, library, "", []), request.deadline)
      onResult(result)
      report.results.append(result)
    }
    for component in library.components where request.component.map({ $0 == component.id }) ?? true {
      let chosen = rules.filter { $0.applies(to: component.kind) && request.selects($0) }
      let measured = chosen.contains(where: \.comparesTraces) ? measure(request, library, component.id) : []
      for rule in chosen {
        let result = check(
          rule, component.id, task(request, library, component.id, measured), request.deadline)
        onResult(result)
        report.results.append(result)
      }
    }
    return report
  }

  private func task(
    _ request: CheckRequest, _ library: LibraryReport, _ component: String, _ measured: [String]
  ) -> ChildTask {
    var task = ChildTask()
    task.library = library.path
    task.component = component
    task.level = request.level
    task.seed = request.seed
    task.measured = measured
    task.options = request.options
    return task
  }

  // MARK: The three things that children do

  /// What is in the library; and whether it can be opened: if not, only rules about libraries are checked.
  private func describe(_ request: CheckRequest) throws -> (library: LibraryReport, isOpen: Bool) {
    var task = ChildTask()
    task.library = request.library
    task.component = request.component ?? ""
    task.options = request.options
    task.searchFolders = request.searchFolders
    if request.library.contains("/"), let path = realpath(request.library, nil) {
      defer { free(path) }
      task.library = String(cString: path)
    }
    let child = try Child(program, task, deadline: .seconds(20))
    switch child.answer {
    case .library(let library): return (library, true)
    case .unusable(_, _, isContract: true, let path) where !path.isEmpty:
      return (LibraryReport(path: path), false)
    case .unusable(let message, let help, _, _): throw CheckError(message, help: help)
    default:
      // The entry does not come back.
      guard !child.note.scene.isEmpty else {
        throw CheckError("the child that opens '\(request.library)' gave no answer: \(child.ending)")
      }
      return (LibraryReport(path: child.note.scene), false)
    }
  }

  private func check(
    _ rule: Rule, _ component: String?, _ task: ChildTask, _ deadline: Duration?
  ) -> CheckResult {
    let start = Deadline.now
    var task = task
    task.work = .rule(rule.id)
    let verdict: Verdict
    do { verdict = try Child(program, task, deadline: deadline ?? rule.deadline).verdict } catch {
      verdict = Verdict(.failed, "the child could not be started: \(error)")
    }
    return CheckResult(
      component: component, rule: rule, verdict: verdict, seconds: Double(Deadline.now - start) / 1e9)
  }

  /// What differs between two processes that show a new instance the same: it is measured.
  private func measure(_ request: CheckRequest, _ library: LibraryReport, _ component: String) -> [String] {
    var keys: Set<String> = []
    // Twice: one that nobody disturbs may be late by chance, as the other is.
    for _ in 0..<2 {
      var traces: [[String]] = []
      for disturbed in [false, true] {
        var task = task(request, library, component, [])
        task.work = .measure(disturbed: disturbed)
        guard let child = try? Child(program, task, deadline: .seconds(120)),
          case .trace(let lines) = child.answer
        else { return [] }
        traces.append(lines)
      }
      keys.formUnion(Measurement.differing(traces[0], traces[1]))
    }
    return keys.sorted()
  }
}

/// One child: started, waited for, and gone.
private struct Child {
  let answer: ChildAnswer?
  let ending: ProcessEnding
  let note: CallNote
  /// The last line that it wrote to standard error, if it did.
  let lastWords: String
  private let deadline: Duration

  init(_ program: String, _ task: ChildTask, deadline: Duration) throws {
    let scratch = try ScratchFolder()
    let exchange = try SharedFile()
    let shared = try SharedFile(size: CallNote.size)
    guard let note = CallNote(descriptor: shared.descriptor) else {
      throw CheckError("cannot map a page of memory")
    }
    var task = task
    task.scratch = scratch.path
    try exchange.write(task.bytes)
    var command = ChildProcess.Command(executable: program, arguments: [RuleChild.command])
    command.folder = scratch.path
    command.errors = .captured(limit: 1 << 16)
    command.environment = Self.environment
    command.descriptors = [
      (shared.descriptor, RuleChild.noteDescriptor), (exchange.descriptor, RuleChild.exchangeDescriptor),
    ]
    let process = try ChildProcess(command)
    ending = process.wait(until: .after(deadline))
    process.kill()
    answer = ending == .exited(code: 0) ? try? ChildAnswer(exchange.read()) : nil
    let lines = String(decoding: process.errors, as: UTF8.self).split(separator: "\n")
    lastWords = lines.last { !$0.allSatisfy(\.isWhitespace) }.map(String.init) ?? ""
    self.note = note
    self.deadline = deadline
  }

  var verdict: Verdict {
    switch answer {
    case .verdict(let verdict): return verdict
    case .unusable(let message, _, _, _): return .failed(message)
    default: break
    }
    let place = note.runningCall.map { " in \($0)" } ?? ""
    var detail: [String] = []
    if !note.scene.isEmpty { detail.append("while trying: \(note.scene)") }
    if !lastWords.isEmpty { detail.append("its last words: \(lastWords)") }
    let what =
      switch ending {
      case .timedOut: "no answer within \(deadline)"
      case .exited(let code): "the process was ended with \(code) as exit code"
      case .signalled(let number, let name, _): "signal \(number) (\(name))"
      }
    // The process has said what it did when it was ended.
    guard note.fault.isEmpty else {
      return Verdict(
        .crashed, "it \(note.fault)\(place.isEmpty ? "" : ",")\(place) (\(what))", detail: detail)
    }
    return Verdict(.crashed, what + place, detail: detail)
  }

  /// That of this process, and no backtrace: the report says where it was.
  private static var environment: [String] {
    let file = open("/proc/self/environ", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return ["SWIFT_BACKTRACE=enable=no"] }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    while case let count = read(file, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
    return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      .filter { !$0.hasPrefix("SWIFT_BACKTRACE=") } + ["SWIFT_BACKTRACE=enable=no"]
  }
}
