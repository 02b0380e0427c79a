import CConformance
import CTrainyard
import Glibc
import PluginHost

/// Rules about `trainyard_plugin()` itself.
extension Rule {
  static let entryRules: [Rule] = [
    Rule(
      "entry-pure",
      "Opening the library and calling its entry leaves the process as it was: "
        + "no descriptor, thread, output, file, variable, signal or rounding mode.",
      scope: .library, level: .quick
    ) { try isPure($0) },
    Rule(
      "entry-repeatable", "The entry gives the same answer each time, from any thread.", scope: .library,
      level: .quick
    ) { try isRepeatable($0) },
    Rule(
      "entry-refuses-future", "The entry refuses a host of another major version, in words.",
      scope: .library, level: .quick
    ) { try refusesTheFuture($0) },
    Rule(
      "entry-bounds",
      "The entry reads no more of its arguments than their struct_size, and takes longer ones.",
      scope: .library, level: .quick
    ) { try readsWhatItIsGiven($0) },
  ]

  // MARK: Rules

  private static func isPure(_ context: RuleContext) throws -> Verdict {
    let held = HeldResources()
    let before = ProcessSnapshot()
    var afterOpening: [String] = []
    let (_, written) = try OutputCapture.during(in: context.scratch) {
      let entry = try context.calling("dlopen") { try PluginEntry(opening: context.libraryPath) }
      afterOpening = HeldResources.settled(after: held, besides: OutputCapture.descriptors)
      for _ in 0..<2 { _ = EntryCall(context, entry).call() }
    }
    var changes = before.changes(to: ProcessSnapshot())
    changes += HeldResources.settled(after: held).filter { !afterOpening.contains($0) }
    if !written.output.isEmpty { changes.append("it wrote to standard output: \(quoted(written.output))") }
    if !written.errors.isEmpty { changes.append("it wrote to standard error: \(quoted(written.errors))") }
    if let first = changes.first {
      return .failed(
        "opening the library and calling its entry changes the process: \(first)",
        detail: Array(changes.dropFirst()) + [
          "to do: do the work in create(), and undo it in destroy(); no constructors, no -ffast-math when linking"
        ])
    }
    // Most likely the doing of another library, which the plugin's author can choose and not change.
    guard let first = afterOpening.first else { return .passed }
    return .warning(
      "opening the library, or one that it needs, changes the process: \(first)",
      detail: Array(afterOpening.dropFirst()))
  }

  private static func isRepeatable(_ context: RuleContext) throws -> Verdict {
    let entry = try context.calling("dlopen") { try PluginEntry(opening: context.libraryPath) }
    var answers: [(place: String, description: [String])] = []
    let first = EntryCall(context, entry).call()
    guard let first else { throw Skip("it refuses this host") }
    answers.append(("the first call", try description(entry, first)))
    guard let second = EntryCall(context, entry).call() else {
      return .failed("the second call of the entry gives NULL, and the first did not")
    }
    answers.append(("the second call", try description(entry, second)))
    for number in 1...2 {
      guard let answer = try EntryCall(context, entry).callOnAnotherThread() else {
        return .failed("the entry gives NULL when it is called on another thread")
      }
      answers.append(("a call on thread \(number)", try description(entry, answer)))
    }
    // The first answer is promised to hold for ever.
    answers.append(("the first answer, looked at again", try description(entry, first)))
    for answer in answers.dropFirst() {
      let pairs = zip(answers[0].description, answer.description)
      if let (expected, found) = pairs.first(where: { $0.0 != $0.1 }) {
        return .failed(
          "the entry's answer changes: the first call says \(expected), and \(answer.place) says \(found)")
      }
      if answers[0].description.count != answer.description.count {
        return .failed(
          "the entry's answer changes: the first call lists \(answers[0].description.count) facts, "
            + "and \(answer.place) \(answer.description.count)")
      }
    }
    return .passed
  }

  private static func refusesTheFuture(_ context: RuleContext) throws -> Verdict {
    let entry = try context.calling("dlopen") { try PluginEntry(opening: context.libraryPath) }
    let call = EntryCall(context, entry)
    call.major = UInt32(TY_ABI_MAJOR) + 1
    call.minor = 0
    let version = "\(call.major).\(call.minor)"
    let advice =
      "to do: `if (args->abi_major != TY_ABI_MAJOR) { args->refuse(args->context, \"...\"); return NULL; }`"
    if call.call() != nil {
      return .failed(
        "it accepts a host of version \(version), whose tables nobody knows yet", detail: [advice])
    }
    guard let words = call.refusal, !words.isEmpty else {
      return .failed("it refuses a host of version \(version) without a word", detail: [advice])
    }
    return .passed
  }

  private static func readsWhatItIsGiven(_ context: RuleContext) throws -> Verdict {
    let entry = try context.calling("dlopen") { try PluginEntry(opening: context.libraryPath) }
    context.trying("the arguments of the smallest size that is legal, at the end of a page")
    guard EntryCall(context, entry).call() != nil else {
      return .failed(
        "it refuses arguments of \(MemoryLayout<ty_entry_args>.size) bytes, which is all there is")
    }
    context.trying("the arguments of a newer host, which are longer")
    let longer = EntryCall(context, entry)
    longer.extra = 64
    guard longer.call() != nil else {
      return .failed(
        "it refuses arguments that are longer than those it knows, as a newer host of the same version gives: "
          + (longer.refusal ?? "without a word"),
        detail: ["to do: look at abi_major, never at the size of the arguments"])
    }
    return .passed
  }

  // MARK: What the entry answers

  private static func description(_ entry: PluginEntry, _ module: UnsafePointer<ty_module>) throws -> [String]
  {
    var facts: [String] = []
    for component in try entry.components(of: module) {
      facts.append("\(component.kind.name) '\(component.id)' \(component.version): \(component.summary)")
      facts.append("the hooks and slots \((component.hooks + component.slots).joined(separator: ", "))")
      facts += component.options.map { "the option \($0)" }
      facts.append("the table \(component.tableDigest)")
    }
    return facts
  }

  /// The beginning of a text, in quotes and on one line.
  static func quoted(_ text: String) -> String {
    let line = text.prefix(80).replacing("\n", with: "\\n")
    return "'\(line)'" + (text.count > 80 ? "…" : "")
  }
}

/// One call of an entry, with arguments on a page of their own.
private final class EntryCall {
  var major = UInt32(TY_ABI_MAJOR)
  var minor = UInt32(TY_ABI_MINOR)
  /// Bytes that only a newer host would have.
  var extra = 0
  private(set) var refusal: String?
  private let context: RuleContext
  private let entry: PluginEntry
  private var answer: UnsafePointer<ty_module>?

  init(_ context: RuleContext, _ entry: PluginEntry) {
    self.context = context
    self.entry = entry
  }

  func call() -> UnsafePointer<ty_module>? {
    let size = MemoryLayout<ty_entry_args>.size + extra
    let memory = GuardedMemory()
    let place = memory.allocate(byteCount: size, alignment: 8, name: "the entry's arguments")
    memset(place, 0xA5, size)
    let args = place.bindMemory(to: ty_entry_args.self, capacity: 1)
    args.pointee.struct_size = UInt32(size)
    args.pointee.abi_major = major
    args.pointee.abi_minor = minor
    args.pointee.reserved = 0
    args.pointee.context = Unmanaged.passUnretained(self).toOpaque()
    args.pointee.refuse = { context, text in
      guard let context else { return }
      let call = Unmanaged<EntryCall>.fromOpaque(context).takeUnretainedValue()
      call.refusal = text.map { String(cString: $0) } ?? ""
    }
    memory.callBegins()
    defer { memory.callEnded() }
    return withExtendedLifetime(self) { context.calling("trainyard_plugin") { entry.function(args) } }
  }

  func callOnAnotherThread() throws -> UnsafePointer<ty_module>? {
    let code = cf_on_another_thread(
      { context in
        guard let context else { return }
        let call = Unmanaged<EntryCall>.fromOpaque(context).takeUnretainedValue()
        call.answer = call.call()
      }, Unmanaged.passUnretained(self).toOpaque())
    guard code == 0 else { throw CheckError("cannot start a thread: error \(code)") }
    return answer
  }
}
