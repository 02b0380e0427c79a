import CProcess
import CTrainyard
import Glibc

/// The instances that share a helper, and the helper: started when it is needed, and anew when it has died.
///
/// Belongs to the thread of its instances; a dataset, which may be read on another, has a group of its own.
public final class HelperGroup {
  public let name: String
  /// Several instances share it: the death of one takes the others along, who did nothing.
  let isShared: Bool
  /// Told of every death.
  public var onIncident: (HelperIncident) -> Void = { _ in }
  /// Told once of each thing that this kernel cannot keep a helper from.
  public var onWeakness: (String) -> Void = { _ in }

  private let start: () throws(HelperDeath) -> StartedHelper
  private var setup = HelperSetup()
  private var process: HelperProcess?
  /// Counts helpers: an instance of an earlier one has to be brought back.
  private(set) var generation = 0
  private var members: UInt32 = 0

  /// How often an instance is brought back in one run.
  static let mostRestarts = 3

  /// - Parameter writable: Folders that the helper may write to, where the kernel can keep it from all others.
  /// - Throws: `ProcessError` when there is no program to start.
  public init(
    name: String, isShared: Bool, settings: IsolationSettings, writable: [String]
  ) throws(ProcessError) {
    guard let executable = HelperProgram.executable() else {
      throw ProcessError(
        "find the program 'trainyard', which isolated plugins run in; \(HelperProgram.variable) can name it",
        ENOENT)
    }
    start = { () throws(HelperDeath) in try StartedHelper(executable) }
    self.name = name
    self.isShared = isShared
    setup.allowsNetwork = settings.allowsNetwork
    setup.memory = settings.memoryLimit > 0 ? settings.memoryLimit : Self.halfOfMemory
    setup.writable = writable
  }

  /// With helpers that are started in another way.
  package init(
    name: String, isShared: Bool, start: @escaping () throws(HelperDeath) -> StartedHelper
  ) {
    self.start = start
    self.name = name
    self.isShared = isShared
  }

  private static var halfOfMemory: UInt64 {
    let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
    return pages > 0 && size > 0 ? UInt64(pages) * UInt64(size) / 2 : 0
  }

  /// A number for an instance of the component, whose pins hold for the whole helper.
  func newMember(_ component: ComponentDescription) -> UInt32 {
    if let pins = component.pins { setup.pins = pins }
    members += 1
    return members
  }

  /// Memory that the helper wrote to in the last call.
  var output: SharedArea? { process?.output }

  /// Makes a call on a member, in a helper that has it as it was, and hands on what it asks for.
  /// - Returns: What the call answers, behind its effects.
  /// - Throws: `PluginFailure`: the plugin's own; `HelperFailure`: the instance is gone.
  func perform(_ member: RemoteInstance, _ request: HelperRequest) throws -> WireReader {
    while true {
      do {
        let process = try running(member.deadline(of: .create))
        if member.generation != generation, request.call != .create { try bringBack(member, process) }
        request.rewind()
        let answer = try exchange(member, request, process)
        member.generation = generation
        return try finish(member, request, answer, process)
      } catch let death as HelperDeath {
        process = nil
        try member.died(death, in: request.name)
      }
    }
  }

  private func exchange(
    _ member: RemoteInstance, _ request: HelperRequest, _ process: HelperProcess
  ) throws(HelperDeath) -> HelperProcess.Answer {
    let time = member.deadline(of: request.call)
    return try process.exchange(request, within: time) { question, deadline throws(WireFault) in
      if let known = request.knownAnswer(question) { return known }
      var answers = HostAnswers(member: member, request: request, process: process, deadline: deadline)
      let answer = try answers.answer(question)
      if !answers.isFleeting { request.remember(question, answer) }
      return answer
    }
  }

  private func finish(
    _ member: RemoteInstance, _ request: HelperRequest, _ answer: HelperProcess.Answer,
    _ process: HelperProcess
  ) throws -> WireReader {
    switch answer {
    case .failed(let words, let code):
      member.journal(request)
      throw PluginFailure(
        instance: member.name, component: member.component.id, call: request.name, words: words, code: code)
    case .done(let body):
      var reader = WireReader(body)
      let effects: [RemoteEffect]
      do {
        effects = try reader.effects(of: request.call) { member.hasDeclared($0) }
        try member.check(reader)
      } catch let fault { throw process.end("\(fault)") }
      for effect in effects { effect(member.services) }
      member.journal(request)
      return reader
    }
  }

  // MARK: The helper

  private func running(_ deadline: Duration) throws(HelperDeath) -> HelperProcess {
    if let process { return process }
    let new = try HelperProcess(try start(), setup, within: deadline)
    if generation == 0 { tell(new.confined) }
    process = new
    generation += 1
    return new
  }

  private func tell(_ confined: UInt32) {
    var weak: [String] = []
    if confined & UInt32(TY_CONFINED_FILES) == 0 { weak.append("writing files (no Landlock)") }
    if confined & UInt32(TY_CONFINED_SECCOMP) == 0 {
      weak.append("using the network or signalling other processes (no seccomp)")
    }
    guard !weak.isEmpty else { return }
    onWeakness("this kernel cannot keep isolated plugins from \(weak.joined(separator: ", nor from "))")
  }

  /// The member as it was before the request: created, reset, with its last saved state, and told of what came since,
  /// whose effects have been applied long ago.
  private func bringBack(_ member: RemoteInstance, _ process: HelperProcess) throws {
    for request in member.requestsToRepeat {
      request.rewind()
      let answer = try exchange(member, request, process)
      if case .failed(let words, _) = answer, request.call == .create || request.call == .stateLoad {
        throw process.end("it could not be brought back: \(words)")
      }
    }
    member.generation = generation
  }

  /// Lets a member go. The helper ends with the group.
  func release(_ member: RemoteInstance) {
    guard let process, member.generation == generation else { return }
    let request = HelperRequest(.destroy, name: "destroy", member: member.number)
    do { _ = try exchange(member, request, process) } catch { self.process = nil }
  }
}
