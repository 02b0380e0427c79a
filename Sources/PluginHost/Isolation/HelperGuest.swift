import Synchronization

/// What a helper can hold beside instances of plugins: something of the program itself that may crash when it is
/// called. It is made of bytes and called with bytes and with arrays that lie in shared memory.
package protocol HelperGuest: AnyObject {
  /// What the host is told when it is made.
  var report: [UInt8] { get }
  /// As new.
  func reset()
  func saveState() -> SavedState
  func loadState(_ saved: SavedState) throws
  /// - Parameter arrays: Can be read, during the call.
  func call(_ body: [UInt8], _ arrays: [UnsafeRawBufferPointer]) throws -> [UInt8]
}

/// The kinds of guests that this program has, in the helper as in the host.
package enum HelperGuests {
  package typealias Maker = @Sendable (_ creation: [UInt8]) throws -> any HelperGuest

  private static let makers = Mutex<[String: Maker]>([:])

  /// Before `HelperProgram.runIfAsked`.
  package static func register(_ kind: String, _ make: @escaping Maker) {
    makers.withLock { $0[kind] = make }
  }

  static func make(_ kind: String, _ creation: [UInt8]) throws -> any HelperGuest {
    guard let maker = makers.withLock({ $0[kind] }) else {
      throw WireFault("this program has no guest '\(kind)'")
    }
    return try maker(creation)
  }
}

/// What a guest is made of.
package struct GuestCreation: Sendable {
  package var kind: String
  package var body: [UInt8]

  package init(_ kind: String, _ body: [UInt8]) {
    self.kind = kind
    self.body = body
  }

  func request(member: UInt32) -> HelperRequest {
    HelperRequest(.create, name: "create", member: member) {
      $0.put(kind as String?)
      $0.put(body)
    }
  }
}

/// In the helper: a guest under its number.
final class GuestMember: HelperResident {
  let services: HelperServices
  private let guest: any HelperGuest
  private let line: HelperLine

  init(
    _ kind: String, _ reader: inout WireReader, _ result: inout WireWriter, _ services: HelperServices,
    _ line: HelperLine
  ) throws {
    guest = try HelperGuests.make(kind, try reader.data())
    self.services = services
    self.line = line
    result.append(guest.report)
  }

  func destroy() {}

  func perform(_ call: HelperCall, _ reader: inout WireReader, _ result: inout WireWriter) throws {
    switch call {
    case .reset: guest.reset()
    case .stateSave: result.put(guest.saveState())
    case .stateLoad: try guest.loadState(try reader.state())
    case .update:
      let area = line.area(.input)
      let arrays = try reader.list(least: 16) { reader throws(WireFault) in
        let (offset, count) = (try reader.take(UInt64.self), try reader.take(UInt64.self))
        let size = UInt64(area?.size ?? 0)
        guard offset <= size, count <= size - offset else { throw WireFault("an array outside its memory") }
        return UnsafeRawBufferPointer(
          start: area.map { UnsafeRawPointer($0.base) + Int(offset) }, count: Int(count))
      }
      result.append(try guest.call(reader.rest, arrays))
    default: throw WireFault("a guest has no \(call)")
    }
  }
}
