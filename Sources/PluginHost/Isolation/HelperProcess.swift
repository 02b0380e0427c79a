import CProcess
import Glibc

/// The helper is gone, or as good as gone; says how, such as "crashed: signal 11 (SIGSEGV)".
package struct HelperDeath: Error {
  package var words: String
  /// It was ended because it had not answered in time.
  package var isTooLate = false

  package init(words: String) { self.words = words }
}

/// A running helper, seen from the host. What comes from it is checked as what comes from a stranger.
final class HelperProcess {
  /// `TY_CONFINED_…`: what it has given up.
  let confined: UInt32
  private let child: any HelperPeer
  private let channel: Channel
  private var areas: [SharedUse: SharedArea] = [:]
  private var inputLayout = AreaLayout()
  /// Of the request that is running, when several are told of it.
  private var page: AnswerPage?
  /// Of the request that is running.
  private var number: UInt64 = 0
  private let nextNumber: () -> UInt64
  /// The memory that the helper may have of its own.
  private let mostRoom: UInt64

  convenience init(_ executable: String, _ setup: HelperSetup, within time: Duration) throws(HelperDeath) {
    try self.init(try StartedHelper(executable), setup, within: time)
  }

  init(_ started: StartedHelper, _ setup: HelperSetup, within time: Duration) throws(HelperDeath) {
    channel = Channel(started.socket)
    child = started.peer
    nextNumber = started.nextNumber
    mostRoom = min(setup.memory > 0 ? setup.memory : .max, 1 << 40)
    var confined: UInt32 = 0
    do throws(HelperDeath) {
      let hello = try Self.greet(child, channel, setup, within: time)
      confined = hello
    } catch {
      self.confined = 0
      throw error
    }
    self.confined = confined
  }

  private static func greet(
    _ child: any HelperPeer, _ channel: Channel, _ setup: HelperSetup, within time: Duration
  ) throws(HelperDeath) -> UInt32 {
    let deadline = Deadline.after(time)
    do throws(Channel.End) {
      try channel.send(MessageKind.request.rawValue, setup.bytes) { () throws(Channel.End) in
        try wait(child, channel, Int16(POLLOUT), deadline)
      }
      let (kind, body, descriptor) = try channel.receive { () throws(Channel.End) in
        try wait(child, channel, Int16(POLLIN), deadline)
      }
      if descriptor >= 0 { close(descriptor) }
      var reader = WireReader(body)
      guard kind == MessageKind.hello.rawValue, (try? reader.take(UInt32.self)) == helperProtocolVersion,
        let confined = try? reader.take(UInt32.self)
      else { throw .broken("it is no helper of this version of trainyard") }
      return confined
    } catch { throw death(child, error, within: time) }
  }

  // MARK: A call

  /// What a call gave, or the plugin's own words.
  enum Answer {
    case done(WireReader)
    case failed(words: String, code: Int32)
  }

  /// Makes one call. `answer` serves the questions that come meanwhile.
  func exchange(
    _ request: HelperRequest, within time: Duration,
    _ answer: ([UInt8], Deadline) throws(WireFault) -> [UInt8]
  ) throws(HelperDeath) -> Answer {
    try start(request, within: time)
    let (results, death) = results(within: [time]) { _, question, deadline throws(WireFault) in
      try answer(question, deadline)
    }
    guard let result = results.first else { throw death ?? end("no answer") }
    return result.answer
  }

  /// Sends a request; what it gives is fetched with `results`.
  /// - Parameter members: That are told after the one that the request names.
  func start(
    _ request: HelperRequest, followedBy members: [UInt32] = [], within time: Duration
  ) throws(HelperDeath) {
    let deadline = Deadline.after(time)
    _ = child.takeErrors()
    do throws(Channel.End) {
      try place(request, deadline)
      page = nil
      if !members.isEmpty {
        page = AnswerPage(try ensure(.answers, AnswerPage.size, deadline))
        page?.clear()
      }
      number = nextNumber()
      try send(.request, number: number, request.body(followedBy: members), deadline)
    } catch { throw Self.death(child, error, within: time) }
  }

  /// What one of those that were told gave, and when, on the monotonic clock.
  struct TimedAnswer {
    var answer: Answer
    var moment: Int64
  }

  /// What those that were told give, in their turn: fewer than were told where one of them has ended it.
  /// - Parameters:
  ///   - times: How long the call of each may take.
  ///   - answer: Serves the questions that come meanwhile, by the number of who asks.
  /// - Returns: And the death of the helper in the call after the last answer.
  func results(
    within times: [Duration], _ answer: (Int, [UInt8], Deadline) throws(WireFault) -> [UInt8]
  ) -> (answers: [TimedAnswer], death: HelperDeath?) {
    let turn = Turn(times)
    do throws(Channel.End) {
      let last = try lastAnswer(turn, answer)
      return (try keptAnswers(turn) + [TimedAnswer(answer: last, moment: Deadline.now)], nil)
    } catch {
      let death = Self.death(child, error, within: times[turn.current])
      // It is gone, and writes no more.
      turn.advance(page)
      let kept = try? keptAnswers(turn)
      return (kept ?? [], death)
    }
  }

  private func lastAnswer(
    _ turn: Turn, _ answer: (Int, [UInt8], Deadline) throws(WireFault) -> [UInt8]
  ) throws(Channel.End) -> Answer {
    while true {
      let (code, body, descriptor) = try channel.receive { [child, channel, page] () throws(Channel.End) in
        try turn.wait(child, channel, page)
      }
      if descriptor >= 0 {
        close(descriptor)
        throw .broken("it sent a descriptor")
      }
      if turn.advance(page) { inputLayout = AreaLayout() }
      let kind = MessageKind(rawValue: code)
      guard let kind, [.done, .failed, .query].contains(kind) else {
        throw .broken("a message of the kind \(code)")
      }
      var reader = WireReader(body)
      guard (try? reader.take(UInt64.self)) == number else { throw .broken("an answer to no question") }
      switch kind {
      case .done: return .done(reader)
      case .failed: return try failure(reader)
      default:
        let reply: [UInt8]
        do throws(WireFault) { reply = try answer(turn.current, reader.rest, turn.deadline) } catch {
          throw .broken(error.description)
        }
        try send(.answer, reply, turn.deadline)
      }
    }
  }

  /// Those before the one whose turn it is.
  private func keptAnswers(_ turn: Turn) throws(Channel.End) -> [TimedAnswer] {
    do throws(WireFault) {
      return try page?.answers(turn.current).map {
        TimedAnswer(answer: .done(WireReader($0.body)), moment: $0.moment)
      } ?? []
    } catch { throw .broken(error.description) }
  }

  private func failure(_ reader: WireReader) throws(Channel.End) -> Answer {
    var reader = reader
    do throws(WireFault) {
      _ = try reader.text()
      let words = try reader.text()
      return .failed(words: words, code: try reader.take(Int32.self))
    } catch { throw .broken(error.description) }
  }

  private func send(
    _ kind: MessageKind, number: UInt64? = nil, _ body: [UInt8], descriptor: Int32 = -1, _ deadline: Deadline
  ) throws(Channel.End) {
    try channel.send(kind.rawValue, number: number, body, descriptor: descriptor) {
      [child, channel] () throws(Channel.End) in
      try Self.wait(child, channel, Int16(POLLOUT), deadline)
    }
  }

  // MARK: Memory

  private func place(_ request: HelperRequest, _ deadline: Deadline) throws(Channel.End) {
    if request.call == .hook {
      let size = request.event.reduce(0) { $0 + $1.count }
      let area = try ensure(.event, size, deadline)
      var offset = 0
      for piece in request.event {
        if let start = piece.baseAddress {
          (area.base + offset).copyMemory(from: start, byteCount: piece.count)
        }
        offset += piece.count
      }
    }
    inputLayout = AreaLayout()
    if !request.input.isEmpty {
      var layout = AreaLayout()
      let offsets = request.input.map { layout.place($0.count) }
      let area = try ensure(.input, layout.size, deadline)
      for (piece, offset) in zip(request.input, offsets) {
        if let start = piece.baseAddress {
          (area.base + offset).copyMemory(from: start, byteCount: piece.count)
        }
      }
      inputLayout = layout
    }
    if request.outputSize > 0 { _ = try ensure(.output, request.outputSize, deadline) }
  }

  /// Shows the helper these bytes while a call runs; gives where they are.
  func show(_ bytes: UnsafeRawBufferPointer, _ deadline: Deadline) throws(WireFault) -> Int {
    do throws(Channel.End) {
      var layout = inputLayout
      var offset = layout.place(bytes.count)
      if layout.size > areas[.input]?.size ?? 0 {
        // A new one: what the call has been shown so far stays in the old.
        layout = AreaLayout()
        offset = layout.place(bytes.count)
        areas[.input] = nil
      }
      let area = try ensure(.input, max(layout.size, 2 * inputLayout.size), deadline)
      if let start = bytes.baseAddress {
        (area.base + offset).copyMemory(from: start, byteCount: bytes.count)
      }
      inputLayout = layout
      return offset
    } catch { throw WireFault("memory for \(bytes.count) bytes cannot be shown") }
  }

  func area(_ use: SharedUse) -> SharedArea? { areas[use] }

  /// Makes memory that the helper asks for while a call runs.
  func makeRoom(_ use: SharedUse, _ size: UInt64, _ deadline: Deadline) throws(WireFault) {
    // Of its own it can have no more, so it has no more to give.
    guard size <= mostRoom else { throw WireFault("it asks for \(size) bytes of memory") }
    // Some more: what grows, as a booster does, asks less often. Pages that nobody touches cost nothing.
    do throws(Channel.End) { _ = try ensure(use, Int(size) + Int(size) / 4, deadline) } catch {
      throw WireFault("memory for \(size) bytes cannot be made")
    }
  }

  private func ensure(_ use: SharedUse, _ size: Int, _ deadline: Deadline) throws(Channel.End) -> SharedArea {
    if let area = areas[use], area.size >= size { return area }
    // Of pages that nobody touches there are none: some are asked for beforehand.
    let room = max(size, use == .event ? 1 << 16 : 1 << 20)
    let area: SharedArea
    do throws(ProcessError) { area = try SharedArea.make(size: room, isReadOnly: !use.isWritable) } catch {
      throw .broken("\(error)")
    }
    try send(.memory, [use.rawValue], descriptor: area.descriptor, deadline)
    area.closeDescriptor()
    areas[use] = area
    return area
  }

  // MARK: The end

  private static func wait(
    _ child: any HelperPeer, _ channel: Channel, _ events: Int16, _ deadline: Deadline
  ) throws(Channel.End) {
    while true {
      let ready = child.poll([channel.socket], events, until: deadline)
      if ready.first == true { return }
      if deadline.hasPassed { throw .timedOut }
    }
  }

  /// Ends it, whatever state it is in, and says what was wrong.
  private static func death(
    _ child: any HelperPeer, _ end: Channel.End, within time: Duration
  ) -> HelperDeath {
    let words: String
    switch end {
    case .timedOut:
      words = "did not answer within \(Self.seconds(time)) and was killed"
    case .broken(let reason):
      words = "broke the protocol (\(reason)) and was killed"
    case .closed:
      // It has let go of the line: either it is ending, or only the line is gone.
      switch child.wait(until: .after(.seconds(2))) {
      case .exited(HelperLine.lostTheLine): words = "let go of the line to the host"
      case .exited(let code): words = "ended by itself: exit code \(code)"
      case .timedOut: words = "closed the line to the host and was killed"
      case .signalled(let number, let name, _):
        words = (number == SIGKILL ? "was killed" : "crashed") + ": signal \(number) (\(name))"
      }
    }
    child.kill()
    var death = HelperDeath(words: words + lastWords(child))
    if case .timedOut = end { death.isTooLate = true }
    return death
  }

  /// The last line that it wrote to its standard error, where libraries say why they end a process.
  private static func lastWords(_ child: any HelperPeer) -> String {
    let line = String(decoding: child.errors, as: UTF8.self)
      .split(whereSeparator: \.isNewline).last { line in
        !line.allSatisfy(\.isWhitespace) && !line.unicodeScalars.contains("\u{FFFD}")
      }
    guard let line else { return "" }
    let shown = line.unicodeScalars.prefix(200).map { $0.value < 32 || $0.value == 127 ? " " : String($0) }
    return "; it wrote: \(shown.joined())"
  }

  /// Ends it: what follows is a new one.
  func end(_ words: String) -> HelperDeath {
    Self.death(child, .broken(words), within: .zero)
  }

  private static func seconds(_ time: Duration) -> String {
    let (seconds, attoseconds) = time.components
    let milliseconds = attoseconds / 1_000_000_000_000_000
    if milliseconds == 0 { return "\(seconds) s" }
    return seconds == 0 ? "\(milliseconds) ms" : "\(Double(seconds) + Double(milliseconds) / 1000) s"
  }
}

/// Whose turn it is among those that were told of a hook in one message, and since when.
private final class Turn {
  private let times: [Duration]
  private(set) var current = 0
  private var since = Deadline.now

  init(_ times: [Duration]) { self.times = times }

  var deadline: Deadline { Deadline(nanoseconds: since).after(times[current]) }

  /// Whether the next one's turn has come. A helper that claims it too often wins what the others may take, no more.
  @discardableResult
  func advance(_ page: AnswerPage?) -> Bool {
    guard let (count, moment) = page?.progress, count > current, count < times.count else { return false }
    current = count
    since = min(max(since, moment), Deadline.now)
    return true
  }

  /// Waits for a message as long as the call that is running may take.
  func wait(_ child: any HelperPeer, _ channel: Channel, _ page: AnswerPage?) throws(Channel.End) {
    while true {
      // The turn may pass to one that has less time.
      let least = times[current...].min() ?? times[current]
      let look = min(deadline.nanoseconds, Deadline.after(least).nanoseconds)
      let ready = child.poll([channel.socket], Int16(POLLIN), until: Deadline(nanoseconds: look))
      if ready.first == true { return }
      if !advance(page), deadline.hasPassed { throw .timedOut }
    }
  }
}
