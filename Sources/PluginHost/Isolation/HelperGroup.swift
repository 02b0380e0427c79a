import CProcess
import CTrainyard
import Glibc
import Synchronization

/// The instances that share a helper, and the helper: started when it is needed, and anew when it has died.
///
/// Belongs to the thread of its instances; a dataset, which may be read on another, has a group of its own.
public final class HelperGroup {
  public let name: String
  /// Several instances share it: the death of one takes the others along, who did nothing.
  private(set) var isShared: Bool
  /// No other group of this process has it.
  public let number: Int
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
  /// Members that have added monitors, by their addresses: they come back before what they have added.
  private var adders: [String: Adder] = [:]
  private struct Adder {
    weak var member: RemoteInstance?
  }
  /// What members have given ahead of their turn, by number: told of a hook with the neighbour before them.
  private var early: [UInt32: EarlyCall] = [:]
  /// Requests that were sent.
  package private(set) var requestCount = 0

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
    number = Self.count.add(1, ordering: .relaxed).newValue
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
    number = Self.count.add(1, ordering: .relaxed).newValue
    self.name = name
    self.isShared = isShared
  }

  private static let count = Atomic(0)

  private static var halfOfMemory: UInt64 {
    let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
    return pages > 0 && size > 0 ? UInt64(pages) * UInt64(size) / 2 : 0
  }

  /// Starting a helper is the host's own work, and may take this long, however short the plugin's deadline.
  private static let timeToStart = Duration.seconds(30)

  /// A number for an instance of the component, whose pins hold for the whole helper.
  func newMember(_ component: ComponentDescription) -> UInt32 {
    if let pins = component.pins { setup.pins = pins }
    members += 1
    return members
  }

  /// Memory that the helper wrote to in the last call.
  func area(_ use: SharedUse) -> SharedArea? { process?.area(use) }

  /// Makes a call on a member, in a helper that has it as it was, and hands on what it asks for.
  /// - Parameter followers: Of a hook: the callbacks that are told of it next, which are told in the same message as
  ///   far as nothing comes between. Their own `perform` gives what they answered.
  /// - Returns: What the call answers, behind its effects.
  /// - Throws: `PluginFailure`: the plugin's own; `HelperFailure`: the instance is gone.
  func perform(
    _ member: RemoteInstance, _ request: HelperRequest, before followers: [RemoteInstance] = []
  ) throws -> WireReader {
    while true {
      do {
        let process = try running(max(member.deadline(of: .create), Self.timeToStart))
        try bringBackAdder(of: member, process)
        if member.generation != generation, request.call != .create {
          if member.hasForgotten { throw HelperDeath(words: "ended with another plugin of the same helper") }
          try bringBack(member, process)
        }
        request.rewind()
        let result = try exchange(member, request, process, before: followers)
        member.generation = generation
        return try finish(member, request, result)
      } catch let death as HelperDeath {
        // Nothing has happened to the helper when a member is lost because it cannot be brought back.
        if member.generation == generation || !member.hasForgotten { process = nil }
        try member.died(death, in: request.name)
      }
    }
  }

  /// What the member has given when it was told of this hook together with a neighbour.
  func takeEarly(of member: RemoteInstance, _ call: HelperCall, _ name: String) -> EarlyCall? {
    guard !early.isEmpty, let found = early.removeValue(forKey: member.number), found.request.call == call,
      found.request.name == name
    else { return nil }
    return found
  }

  func finish(_ member: RemoteInstance, _ early: EarlyCall) throws -> WireReader {
    member.timeElsewhere = early.time
    do {
      return try finish(member, early.request, try early.result.get())
    } catch let death as HelperDeath { try member.died(death, in: early.request.name) }
    return try perform(member, early.request)
  }

  /// Sends a request, and fetches what the member and its followers give.
  private func exchange(
    _ member: RemoteInstance, _ request: HelperRequest, _ process: HelperProcess,
    before followers: [RemoteInstance]
  ) throws(HelperDeath) -> CallResult {
    let neighbours = followers.prefix { $0.group === self && $0.generation == generation }
    let members = [member] + neighbours
    let calls = [request] + neighbours.map { HelperRequest(request, of: $0.number) }
    requestCount += 1
    var start = Deadline.now
    try process.start(
      request, followedBy: neighbours.map(\.number), within: member.deadline(of: request.call))
    let (answers, death) = process.results(within: members.map { $0.deadline(of: request.call) }) {
      index, question, deadline throws(WireFault) in
      try reply(to: question, of: members[index], calls[index], process, deadline)
    }
    var own: CallResult?
    for (index, member) in members.enumerated() {
      let end =
        answers.indices.contains(index) ? min(max(start, answers[index].moment), Deadline.now) : Deadline.now
      defer { start = end }
      let result: Result<CallResult, HelperDeath>
      do throws(HelperDeath) {
        guard answers.indices.contains(index) else {
          guard let death, index == answers.count else { break }
          throw death
        }
        let found = try checked(member, calls[index], answers[index].answer, process)
        if index + 1 < answers.count, !found.letsNextGoOn(request) {
          throw process.end("it went on after effects that are the host's to apply")
        }
        result = .success(found)
      } catch {
        self.process = nil
        if index == 0 { throw error }
        result = .failure(error)
      }
      if index == 0 {
        own = try result.get()
      } else {
        early[member.number] = EarlyCall(request: calls[index], result: result, time: end - start)
        members[0].timeElsewhere -= end - start
      }
      if case .failure = result { break }
    }
    guard let own else { throw process.end("no answer") }
    return own
  }

  /// What a member gives, read and looked at: nothing is applied yet.
  private func checked(
    _ member: RemoteInstance, _ request: HelperRequest, _ answer: HelperProcess.Answer,
    _ process: HelperProcess
  ) throws(HelperDeath) -> CallResult {
    switch answer {
    case .failed(let words, let code): return .failed(words: words, code: code)
    case .done(var reader):
      do throws(WireFault) {
        let effects = try reader.effects(of: request.call) { member.hasDeclared($0) }
        try member.check(reader)
        return .done(effects, reader)
      } catch { throw process.end("\(error)") }
    }
  }

  /// Answers what a member asks in a call, the same when the call is repeated.
  private func reply(
    to question: [UInt8], of member: RemoteInstance, _ request: HelperRequest, _ process: HelperProcess,
    _ deadline: Deadline
  ) throws(WireFault) -> [UInt8] {
    if let known = request.knownAnswer(question) { return known }
    var answers = HostAnswers(member: member, request: request, process: process, deadline: deadline)
    let answer = try answers.answer(question)
    if !answers.isFleeting { request.remember(question, answer) }
    return answer
  }

  private func finish(
    _ member: RemoteInstance, _ request: HelperRequest, _ result: CallResult
  ) throws -> WireReader {
    switch result {
    case .failed(let words, let code):
      member.journal(request)
      throw PluginFailure(
        instance: member.name, component: member.component.id, call: request.name, words: words, code: code)
    case .done(let effects, let reader):
      for effect in effects { effect.apply(member.services) }
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
      let answer = try repeated(member, request, process)
      if case .failed(let words, _) = answer, request.call == .create || request.call == .stateLoad {
        throw process.end("it could not be brought back: \(words)")
      }
    }
    member.generation = generation
  }

  /// What it has added has shared its helper from then on.
  func keepAdder(_ member: RemoteInstance) {
    isShared = true
    adders[member.address] = Adder(member: member)
  }

  private func bringBackAdder(of member: RemoteInstance, _ process: HelperProcess) throws {
    guard let adder = member.owner.flatMap({ adders[$0]?.member }), adder.generation != generation else {
      return
    }
    try bringBack(adder, process)
  }

  private func repeated(
    _ member: RemoteInstance, _ request: HelperRequest, _ process: HelperProcess
  ) throws(HelperDeath) -> HelperProcess.Answer {
    requestCount += 1
    return try process.exchange(request, within: member.deadline(of: request.call)) {
      question, deadline throws(WireFault) in
      try reply(to: question, of: member, request, process, deadline)
    }
  }

  /// Lets a member go. The helper ends with the group.
  func release(_ member: RemoteInstance) {
    early[member.number] = nil
    guard let process, member.generation == generation else { return }
    let request = HelperRequest(.destroy, name: "destroy", member: member.number)
    do { _ = try repeated(member, request, process) } catch { self.process = nil }
  }
}

/// What a call gave: checked, and not yet applied.
enum CallResult {
  case done([RemoteEffect], WireReader)
  case failed(words: String, code: Int32)

  /// Whether the next member was told of the hook in the same message.
  func letsNextGoOn(_ request: HelperRequest) -> Bool {
    guard case .done(let effects, _) = self else { return false }
    return effects.allSatisfy { $0.code.letsNextGoOn(atEpochEnd: request.isEpochEnd) }
  }
}

/// A hook that a member was told of together with the neighbour before it.
struct EarlyCall {
  /// With the answers that its questions were given.
  var request: HelperRequest
  var result: Result<CallResult, HelperDeath>
  /// Nanoseconds that it took.
  var time: Int64
}
