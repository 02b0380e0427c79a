import CTrainyard
import Glibc

/// In the helper: what it holds under a number, and the calls that can be made on it.
protocol HelperResident: AnyObject {
  var services: HelperServices { get }
  func perform(_ call: HelperCall, _ reader: inout WireReader, _ result: inout WireWriter) throws
  func destroy()
}

/// In the helper: takes requests, makes the calls, sends back what came of them.
final class HelperDesk {
  private let line: HelperLine
  private let logs = HelperLogs()
  private let added = AddedMonitors()
  private var members: [UInt32: any HelperResident] = [:]

  init(_ line: HelperLine) { self.line = line }

  func serve() -> Never {
    guard let setup = try? HelperSetup(line.setup()) else { HelperLine.leave() }
    LibraryPins.ofHelper.withLock { $0 = setup.pins }
    var hello = WireWriter()
    hello.put(helperProtocolVersion)
    hello.put(setup.apply())
    line.send(.hello, hello.bytes)
    while true { answer(line.nextRequest()) }
  }

  private func answer(_ request: WireReader) {
    var reader = request
    guard let number = try? reader.take(UInt32.self), let raw = try? reader.take(UInt8.self),
      let call = HelperCall(rawValue: raw)
    else { HelperLine.leave() }
    if call == .hook { return callHook(of: number, reader) }
    var result = WireWriter()
    var member: (any HelperResident)?
    do {
      switch call {
      case .probe: try probe(&reader, &result)
      case .create:
        let services = HelperServices(line: line, added: added)
        let new: any HelperResident =
          if let kind = try reader.optionalText() {
            try GuestMember(kind, &reader, &result, services, line)
          } else {
            try HelperMember(&reader, services, line, logs, added)
          }
        member = new
        members[number] = new
      case .destroy:
        members[number]?.destroy()
        members[number] = nil
      default:
        guard let found = members[number] else { throw WireFault("there is no instance \(number)") }
        member = found
        found.services.beginCall()
        try found.perform(call, &reader, &result)
      }
    } catch {
      return line.send(.failed, Self.words(of: error, call))
    }
    line.send(.done, done(result, of: member))
  }

  /// One hook of neighbouring callbacks, one after the other, each with an answer of its own: the last is a message,
  /// those before it are kept where the host sees them. It ends where one fails, and where the host has something to do before the next can be called.
  private func callHook(of first: UInt32, _ reader: WireReader) {
    do {
      var reader = reader
      let followers = try reader.list(least: 4) { reader throws(WireFault) in try reader.take(UInt32.self) }
      var head = reader
      let event = try head.take(EventHead.self)
      let isEpochEnd = event.hook == UInt32(TY_HOOK_EPOCH_END)
      try logs.show(line.area(.event), count: Int(event.metricCount))
      let numbers = [first] + followers
      var page = followers.isEmpty ? nil : line.area(.answers).map { AnswerPage($0) }
      for number in numbers {
        guard let member = members[number] else { throw WireFault("there is no instance \(number)") }
        member.services.beginCall()
        var (event, result) = (reader, WireWriter())
        try member.perform(.hook, &event, &result)
        let answer = done(result, of: member)
        guard number != numbers.last, !line.isSoiled,
          member.services.letsNextGoOn(atEpochEnd: isEpochEnd),
          page?.append(answer) == true
        else { return line.send(.done, answer) }
        logs.publish(member.services.published)
      }
    } catch { line.send(.failed, Self.words(of: error, .hook)) }
  }

  /// What a call has given, behind its effects.
  private func done(_ result: WireWriter, of member: (any HelperResident)?) -> [UInt8] {
    var done = WireWriter()
    done.put(member?.services.effectCount ?? 0)
    if let member { done.append(member.services.effects.bytes) }
    done.append(result.bytes)
    return done.bytes
  }

  private static func words(of error: any Error, _ call: HelperCall) -> [UInt8] {
    var writer = WireWriter()
    if let failure = error as? PluginFailure {
      writer.put(failure.call)
      writer.put(failure.words)
      writer.put(failure.code)
    } else {
      writer.put("\(call)")
      writer.put("\(error)")
      writer.put(TY_FAILED)
    }
    return writer.bytes
  }

  /// What a library holds, or why it cannot be opened.
  private func probe(_ reader: inout WireReader, _ result: inout WireWriter) throws {
    let (path, userPath) = (try reader.text(), try reader.text())
    do throws(LoadError) {
      let library = try PluginLibrary.open(path, userPath: userPath)
      result.put(true)
      result.put(list: library.components) { $0.put($1) }
    } catch {
      result.put(false)
      result.put(error)
    }
  }
}
