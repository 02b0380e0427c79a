import CTrainyard

/// One call on an instance in a helper, and the answers that its questions were given: repeated, it gets the same.
final class HelperRequest {
  let call: HelperCall
  /// As users know it: `on_epoch_end`, `update`.
  let name: String
  private(set) var body: [UInt8]
  /// What goes into the memory of events, one piece behind the other.
  private(set) var event: [UnsafeRawBufferPointer] = []
  /// What goes into the input memory, each piece where `AreaLayout` places it.
  private(set) var input: [UnsafeRawBufferPointer] = []
  /// How much of the output memory is needed.
  var outputSize = 0
  /// Whether the instance was shown weights: those are not kept.
  var readsWeights = false

  private var answers: [(question: [UInt8], answer: [UInt8])] = []
  private var next = 0
  private var owned: [UnsafeMutableRawBufferPointer] = []

  init(_ call: HelperCall, name: String, member: UInt32, _ fill: (inout WireWriter) -> Void = { _ in }) {
    self.call = call
    self.name = name
    var writer = WireWriter()
    writer.put(member)
    writer.put(call.rawValue)
    // Of a hook, those that are told after it: alone, nobody.
    if call == .hook { writer.put(UInt32(0)) }
    fill(&writer)
    body = writer.bytes
  }

  /// The same hook of another member.
  init(_ hook: HelperRequest, of member: UInt32) {
    call = hook.call
    name = hook.name
    var writer = WireWriter()
    writer.put(member)
    writer.append(Array(hook.body[MemoryLayout<UInt32>.size...]))
    body = writer.bytes
  }

  /// The body of a hook that these members are told of, too, in their order.
  func body(followedBy members: [UInt32]) -> [UInt8] {
    guard !members.isEmpty else { return body }
    let start = MemoryLayout<UInt32>.size + 1
    var writer = WireWriter()
    writer.append(Array(body[..<start]))
    writer.put(list: members) { $0.put($1) }
    writer.append(Array(body[(start + MemoryLayout<UInt32>.size)...]))
    return writer.bytes
  }

  /// Whether it is the hook in which notes are shown.
  var isEpochEnd: Bool { call == .hook && name == hookNames[Int(TY_HOOK_EPOCH_END)] }

  deinit {
    for copy in owned { copy.deallocate() }
  }

  /// Pieces are borrowed until the call has been made.
  func setEvent(_ pieces: [UnsafeRawBufferPointer]) { event = pieces }
  func setInput(_ pieces: [UnsafeRawBufferPointer]) { input = pieces }

  /// Makes the pieces its own, so that it can be made again later.
  func keep() {
    event = event.map { copy($0) }
    input = input.map { copy($0) }
  }

  /// Of what is kept, in bytes.
  var size: Int {
    body.count + owned.reduce(0) { $0 + $1.count } + answers.reduce(0) { $0 + $1.answer.count + 64 }
  }

  private func copy(_ piece: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, piece.count), alignment: 64)
    copy.copyMemory(from: piece)
    owned.append(copy)
    return UnsafeRawBufferPointer(start: copy.baseAddress, count: piece.count)
  }

  // MARK: Questions

  /// Before the call is made, also again.
  func rewind() { next = 0 }

  /// The answer that this question was given before, in its turn.
  func knownAnswer(_ question: [UInt8]) -> [UInt8]? {
    guard next < answers.count, answers[next].question == question else { return nil }
    defer { next += 1 }
    return answers[next].answer
  }

  func remember(_ question: [UInt8], _ answer: [UInt8]) {
    // An instance that asks something else this time goes its own way from here on.
    answers.removeSubrange(next...)
    answers.append((question, answer))
    next += 1
  }
}
