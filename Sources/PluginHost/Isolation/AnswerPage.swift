/// The answers of callbacks that are told of a hook in one message, in memory that the helper writes: of all but the
/// last, whose answer is the message that goes back. What is there stays when the helper dies in the call that follows.
struct AnswerPage {
  static let size = 1 << 16
  /// Where answers begin, behind their number and the moment at which the newest came.
  private static let start = 64
  private static let headSize = 16

  private let area: SharedArea
  /// Helper: behind the newest answer.
  private var end = start
  private var count: UInt64 = 0

  init(_ area: SharedArea) { self.area = area }

  /// Host: before the message is sent.
  func clear() { set(count: 0, moment: 0) }

  /// How many answers there are, and when the newest came, on the monotonic clock. Whatever the helper says.
  var progress: (count: Int, moment: Int64) {
    (Int(clamping: area.base.load(as: UInt64.self)), area.base.load(fromByteOffset: 8, as: Int64.self))
  }

  private func set(count: UInt64, moment: Int64) {
    area.base.storeBytes(of: moment, toByteOffset: 8, as: Int64.self)
    area.base.storeBytes(of: count, as: UInt64.self)
  }

  /// Helper: keeps an answer; `false`: there is no room for it.
  mutating func append(_ answer: [UInt8]) -> Bool {
    guard area.size - end >= Self.headSize + answer.count else { return false }
    let moment = Deadline.now
    area.base.storeBytes(of: moment, toByteOffset: end, as: Int64.self)
    area.base.storeBytes(of: UInt64(answer.count), toByteOffset: end + 8, as: UInt64.self)
    answer.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      (area.base + end + Self.headSize).copyMemory(from: base, byteCount: bytes.count)
    }
    end += (Self.headSize + answer.count + 7) & ~7
    count += 1
    set(count: count, moment: moment)
    return true
  }

  /// Host: the first answers, and when each came.
  func answers(_ count: Int) throws(WireFault) -> [(moment: Int64, body: [UInt8])] {
    var answers: [(moment: Int64, body: [UInt8])] = []
    var place = Self.start
    for _ in 0..<count {
      guard area.size - place >= Self.headSize else { throw WireFault("answers beyond their memory") }
      let moment = area.base.load(fromByteOffset: place, as: Int64.self)
      let length = area.base.load(fromByteOffset: place + 8, as: UInt64.self)
      guard length <= UInt64(area.size - place - Self.headSize) else {
        throw WireFault("answers beyond their memory")
      }
      let bytes = UnsafeRawBufferPointer(start: area.base + place + Self.headSize, count: Int(length))
      answers.append((moment, Array(bytes)))
      place += (Self.headSize + Int(length) + 7) & ~7
    }
    return answers
  }
}
