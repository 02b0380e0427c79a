/// A guest in a helper, as the host calls it.
package final class RemoteGuest: RemoteInstance {
  /// Whether calls change what later ones give. State is saved and loaded under this condition alone.
  private let hasState: Bool
  /// Looks at the answer of the call that is running.
  private var answerCheck: ((WireReader) throws(WireFault) -> Void)?

  /// - Parameter kind: What it stands for in messages about its end.
  package init(
    _ group: HelperGroup, _ creation: GuestCreation, kind: PluginKind, name: String, hasState: Bool,
    pins: LibraryPins?, settings: IsolationSettings, services: any HostServices
  ) throws {
    self.hasState = hasState
    let component = ComponentDescription(
      kind: kind, id: creation.kind, version: "", summary: "", options: [],
      library: LibraryFacts(path: "", abi: "", pins: pins), hooks: [],
      slots: hasState ? ["state_save", "state_load"] : [], flags: 0)
    try super.init(
      group, guest: creation, component: component, name: name, settings: settings, services: services)
  }

  override var remembers: Bool { hasState }

  override func check(_ reader: WireReader) throws(WireFault) { try answerCheck?(reader) }

  package func reset() throws { try runReset(.reset) }

  /// One call. The arrays are copied into shared memory.
  /// - Parameters:
  ///   - name: As users know the call.
  ///   - endsEpoch: State is saved afterwards, so that calls need not be repeated for ever.
  ///   - check: Throws when that is no answer to the call: the helper then has broken the protocol.
  /// - Returns: The guest's answer.
  package func call(
    _ name: String, _ body: [UInt8], _ arrays: [UnsafeRawBufferPointer], endsEpoch: Bool,
    check: @escaping (WireReader) throws(WireFault) -> Void
  ) throws -> WireReader {
    var layout = AreaLayout()
    let offsets = arrays.map { layout.place($0.count) }
    answerCheck = check
    defer { answerCheck = nil }
    let answer = try perform(.update, name, input: arrays) { writer in
      writer.put(list: Array(zip(offsets, arrays))) {
        $0.put(UInt64($1.0))
        $0.put(UInt64($1.1.count))
      }
      writer.append(body)
    }
    answerCheck = nil
    try saveIfDue(endsEpoch)
    return answer
  }
}
