import CTrainyard

/// An instance that lives in a helper process: the same calls as on one of this process, with the same services behind
/// it. When its helper dies it may be brought back as it was.
public class RemoteInstance {
  public let name: String
  public let component: ComponentDescription
  public let services: any HostServices
  public let settings: IsolationSettings
  let number: UInt32
  /// Of the helper that has it.
  var generation = 0
  let group: HelperGroup
  private let creation: HelperRequest
  private var declared: [Bool] = []
  private var isDestroyed = false
  /// What a guest had to say when it was made.
  package private(set) var report: [UInt8] = []

  // What a run changes.
  /// Why it is gone; `nil`: it is there.
  public private(set) var death: HelperFailure?
  private var restarts = 0
  /// What brings the instance back: its reset, its last saved state, how the run began, and what came since.
  private var resetRequest: HelperRequest?
  private var state: SavedState?
  private var begin: HelperRequest?
  private var events: [HelperRequest] = []
  private var size = 0
  /// What it would have to be told again is gone.
  private(set) var hasForgotten = false
  /// Nanoseconds by which its last call took longer than the call of `perform` shows: it was made with the call of a
  /// neighbour, or neighbours were called with it.
  public internal(set) var timeElsewhere: Int64 = 0

  /// After so many calls, or bytes, the state is saved and the calls are forgotten.
  private static let mostEvents = 1024
  private static let mostBytes = 16 << 20
  /// Where there is no state to save, so much is kept.
  private static let mostBytesWithoutState = 64 << 20

  /// The instance that has added it, by its address; `nil`: the library lists its component.
  let owner: String?

  /// How an instance is named among those of a helper.
  static func address(_ kind: PluginKind, _ name: String) -> String { "\(kind.name) '\(name)'" }
  var address: String { Self.address(component.kind, name) }
  /// The number of its helper's group, for monitors that it adds.
  public var groupNumber: Int { group.number }

  /// Runs `create` there.
  /// - Parameter owner: See there.
  init(
    _ group: HelperGroup, component: ComponentDescription, name: String, options: [String: OptionValue],
    settings: IsolationSettings, services: any HostServices, owner: String? = nil
  ) throws {
    self.owner = owner
    self.name = name
    self.component = component
    self.services = services
    self.settings = settings
    self.group = group
    number = group.newMember(component)
    creation = HelperRequest(.create, name: "create", member: number) {
      $0.put(nil as String?)
      $0.put(component.libraryPath)
      $0.put(component.id)
      $0.put(name)
      $0.put(options)
      $0.put(owner)
    }
    _ = try group.perform(self, creation)
  }

  /// Makes a guest there: no plugin, but what the program itself has a maker for.
  init(
    _ group: HelperGroup, guest: GuestCreation, component: ComponentDescription, name: String,
    settings: IsolationSettings, services: any HostServices
  ) throws {
    owner = nil
    self.name = name
    self.component = component
    self.services = services
    self.settings = settings
    self.group = group
    number = group.newMember(component)
    creation = guest.request(member: number)
    report = try group.perform(self, creation).rest
  }

  deinit { destroy() }

  /// Ends the instance's life. Calling it again does nothing.
  public func destroy() {
    guard !isDestroyed else { return }
    isDestroyed = true
    group.release(self)
  }

  // MARK: Calls

  @discardableResult
  func perform(
    _ call: HelperCall, _ name: String, event: [UnsafeRawBufferPointer] = [],
    input: [UnsafeRawBufferPointer] = [], outputSize: Int = 0,
    before followers: @autoclosure () -> [RemoteInstance] = [],
    _ fill: (inout WireWriter) -> Void = { _ in }
  ) throws -> WireReader {
    // What a model had learned is gone with it: only a reset makes it a model again.
    if component.kind == .model, call != .modelReset, let death { throw death }
    timeElsewhere = 0
    if let early = group.takeEarly(of: self, call, name) {
      // As the memory of events is now, should it have to be told again.
      early.request.setEvent(event)
      return try group.finish(self, early)
    }
    let request = HelperRequest(call, name: name, member: number, fill)
    request.setEvent(event)
    request.setInput(input)
    request.outputSize = outputSize
    return try group.perform(self, request, before: followers())
  }

  /// Memory that it wrote to in the last call.
  func area(_ use: SharedUse) -> SharedArea? { group.area(use) }

  /// As new. Also for one that is gone: it gets a new helper.
  func runReset(_ call: HelperCall, _ fill: (inout WireWriter) -> Void = { _ in }) throws {
    death = nil
    // The restarts of a model are resets: `beginRun` begins to count them.
    if component.kind != .model { restarts = 0 }
    resetRequest = nil
    state = nil
    begin = nil
    events = []
    size = 0
    hasForgotten = false
    try perform(call, "reset", fill)
  }

  /// Of a model, whose run may reset it more than once: it may be brought back as often as in any other run.
  public func beginRun() { restarts = 0 }

  /// Whether the instance was given up in this run.
  public var hasGone: Bool { death != nil }

  public var savesState: Bool { component.slots.contains("state_save") }

  public func saveState() throws -> SavedState {
    guard savesState else { return [:] }
    var reader = try perform(.stateSave, "state_save")
    return try reader.state()
  }

  /// Legal directly after a reset.
  public func loadState(_ saved: SavedState) throws {
    guard component.slots.contains("state_load") else { return }
    try perform(.stateLoad, "state_load") { $0.put(saved) }
    state = saved
  }

  // MARK: What the group asks

  func deadline(of call: HelperCall) -> Duration {
    call == .create ? settings.deadline * 4 : settings.deadline
  }

  func hasDeclared(_ id: UInt32) -> Bool { id < declared.count && declared[Int(id)] }

  func allowPublishing(_ id: UInt32) {
    guard id < 1 << 20 else { return }
    while declared.count <= id { declared.append(false) }
    declared[Int(id)] = true
  }

  /// Looks at an answer before its effects are applied; throws what it cannot be.
  func check(_ reader: WireReader) throws(WireFault) {}

  private var keepsJournal: Bool { remembers && (settings.onCrash == .restart || group.isShared) }

  /// Whether a call has to do with those before it.
  var remembers: Bool { true }

  /// A call has been made: it is kept, or the state after it.
  func journal(_ request: HelperRequest) {
    switch request.call {
    case .reset, .modelReset: resetRequest = request
    case .hook, .prepare, .passBegin, .update, .compute:
      guard keepsJournal, !hasForgotten else { return }
      request.keep()
      if begin == nil, request.call == .prepare || request.name == hookNames[Int(TY_HOOK_TRAIN_BEGIN)] {
        begin = request
      } else {
        events.append(request)
        size += request.size
      }
    default: break
    }
  }

  /// At the end of an epoch, after a call that saw weights, and when there is too much to repeat, the state is saved
  /// instead. Called between calls, by the instances that are called often.
  func saveIfDue(_ isBoundary: Bool) throws {
    guard keepsJournal, !events.isEmpty else { return }
    let isTooMuch = events.count >= Self.mostEvents || size >= Self.mostBytes
    guard isBoundary || isTooMuch || events.last?.readsWeights == true else { return }
    if savesState {
      do { state = try saveState() } catch is PluginFailure { return }
    } else if size < Self.mostBytesWithoutState {
      return
    } else {
      hasForgotten = true
    }
    events = []
    size = 0
  }

  /// In their order.
  var requestsToRepeat: [HelperRequest] {
    var requests = [creation]
    guard let resetRequest else { return requests }
    requests.append(resetRequest)
    if let state {
      requests.append(
        HelperRequest(.stateLoad, name: "state_load", member: number) { $0.put(state) })
    }
    if let begin { requests.append(begin) }
    return requests + events
  }

  /// Its helper died in a call. Returns when the call may be made again in a new one.
  func died(_ death: HelperDeath, in call: String) throws {
    var policy = settings.onCrash
    var what = death.words
    if policy == .restart, restarts >= HelperGroup.mostRestarts {
      policy = .fail
      what += ", after \(restarts) restarts"
    } else if policy == .restart, hasForgotten {
      policy = .fail
      what += ", and it saves no state to be brought back with"
    }
    let incident = HelperIncident(
      instance: name, kind: component.kind, call: call, what: what, policy: policy)
    group.onIncident(incident)
    if policy == .restart {
      restarts += 1
      // A model that was trained cannot be what it was: its run goes back, and resets it.
      if component.kind != .model || resetRequest == nil && call == "create" { return }
    }
    let failure = HelperFailure(incident: incident, help: help(policy))
    self.death = failure
    throw failure
  }

  private func help(_ policy: IsolationSettings.CrashPolicy) -> String {
    guard policy == .fail, settings.onCrash == .fail else { return "" }
    return switch component.kind {
    case .model: "with 'on_crash: restart' a run goes back to its last checkpoint, with a new helper"
    case .dataset: "with 'on_crash: restart' a run goes on with a new one"
    case .callback, .monitor:
      "with 'on_crash: drop' a run goes on without it, with 'on_crash: restart' with a new one"
    }
  }
}
