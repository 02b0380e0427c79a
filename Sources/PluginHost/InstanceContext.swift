import CCrash
import CTrainyard

/// What an instance's `ty_host` stands for: its services, its options while `create` runs, and what has been said
/// about the call that is running.
final class InstanceContext {
  let name: String
  let component: ComponentDescription
  let services: any HostServices
  let namePointer: UnsafeMutablePointer<CChar>
  /// Looks on as the instance uses what it is lent; `nil` in a run.
  let watch: (any PluginWatch)?
  var memory: LentMemory { LentMemory(watch: watch) }
  /// Apart, so that a hook can be called without the bookkeeping of class properties.
  let call: UnsafeMutablePointer<CallRecord>
  private(set) var host: UnsafeMutablePointer<ty_host>?
  private let crashWatch: Int32
  /// While `create` runs.
  var options: OptionTable?

  /// By metric id: what this instance has declared. An array, since a callback may publish in every batch.
  private var publishable: [Bool] = []
  /// No host numbers so many metrics; what would need a larger table is no id.
  private static let mostMetrics: UInt32 = 1 << 20

  /// For the call that is running.
  private var words: String?
  private var fault: String?
  private static let longestWords = 4096

  init(
    name: String, component: ComponentDescription, services: any HostServices, options: OptionTable
  ) {
    self.name = name
    self.component = component
    self.services = services
    self.options = options
    watch = (services as? any WatchedServices)?.watch
    options.memory = LentMemory(watch: watch)
    namePointer = LentMemory(watch: watch).text(
      name, "the instance's name", until: .instanceIsDestroyed)
    call = .allocate(capacity: 1)
    call.initialize(to: CallRecord())
    crashWatch = CrashNotes.watch(call, "\(component.kind.name) '\(name)'")
    host = HostTable.allocate(self)
  }

  deinit {
    ty_crash_forget(crashWatch)
    call.deallocate()
    memory.takeBack(namePointer)
    if let host { memory.takeBack(host) }
  }

  func allowPublishing(_ id: UInt32) {
    guard id < Self.mostMetrics else { return }
    while publishable.count <= id { publishable.append(false) }
    publishable[Int(id)] = true
  }

  func mayPublish(_ id: UInt32) -> Bool { id < publishable.count && publishable[Int(id)] }

  var runningCall: PluginCall { PluginCall(rawValue: call.pointee.call) ?? .none }

  /// The plugin's own words for the call that is running. The last ones win; between calls there is nothing to say.
  func say(_ text: String) {
    guard call.pointee.call != CallRecord.idle else { return }
    call.pointee.attention |= CallRecord.wasUsed
    words = text
  }

  func say(_ text: UnsafePointer<CChar>?) {
    if let text = Foreign.words(text, limit: Self.longestWords) { say(text) }
  }

  /// The plugin has used the host in a way that the contract does not allow: the call that is running fails,
  /// whatever it returns. The first fault is kept.
  func misuse(_ text: String) {
    guard !call.pointee.hasFault else { return }
    call.pointee.attention |= CallRecord.hasFault
    fault = text
  }

  /// A call has succeeded: words that were said in it are no other's.
  func forgetWords() {
    call.pointee.attention = 0
    words = nil
  }

  /// What went wrong in the call that has just returned `status`.
  func failure(of call: PluginCall, _ status: ty_status) -> PluginFailure {
    let said = words
    let fault = self.call.pointee.hasFault ? self.fault : nil
    self.fault = nil
    forgetWords()
    let text =
      switch status {
      case TY_OK, TY_FAILED: fault ?? said ?? "the plugin gave no reason"
      case TY_UNSUPPORTED: fault ?? said ?? "the plugin does not support this"
      default:
        ((fault ?? said).map { $0 + " " } ?? "") + "(status \(status), which the contract does not have)"
      }
    return failure(of: call, text, status)
  }

  /// An answer that the host does not accept.
  func failure(of call: PluginCall, _ words: String, _ status: ty_status = TY_OK) -> PluginFailure {
    PluginFailure(
      instance: name, component: component.id, call: call.name, words: words, code: status)
  }
}

/// The call that is running on an instance.
@usableFromInline
struct CallRecord {
  /// A `PluginCall`.
  @usableFromInline var call: UInt8 = CallRecord.idle
  /// What there is to look at when the call has returned, in bits; mostly nothing.
  @usableFromInline var attention: UInt8 = 0
  /// An `InstanceState`.
  @usableFromInline var state: UInt8 = InstanceState.created.rawValue

  init() {}

  var hasFault: Bool { attention & CallRecord.hasFault != 0 }

  /// Of `attention`: the instance has called its host, and may have asked it for something.
  static let wasUsed: UInt8 = 1
  /// Of `attention`: it did so as the contract does not allow.
  static let hasFault: UInt8 = 2

  // Computed, so that code of other modules sees plain numbers.
  @inlinable static var idle: UInt8 { 12 }
  @inlinable static var running: UInt8 { 2 }
}

extension CrashNotes {
  static func watch(_ record: UnsafeMutablePointer<CallRecord>, _ party: String) -> Int32 {
    let offset = MemoryLayout<CallRecord>.offset(of: \.call) ?? 0
    let call = UnsafeRawPointer(record).advanced(by: offset).assumingMemoryBound(to: UInt8.self)
    return ty_crash_watch(call, party)
  }
}

/// A NUL-terminated copy; the caller deallocates it.
func copyText(_ text: String) -> UnsafeMutablePointer<CChar> {
  var text = text
  return text.withUTF8 { bytes in
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count + 1, alignment: 1)
    copy.copyMemory(from: UnsafeRawBufferPointer(bytes))
    copy[bytes.count] = 0
    return copy.assumingMemoryBound(to: CChar.self).baseAddress ?? .allocate(capacity: 1)
  }
}
