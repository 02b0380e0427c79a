import Glibc
import Synchronization

/// Opens libraries in a process that ends: one for many libraries, and another when one of them has ended it.
package enum LibraryProbe {
  private struct State: ~Copyable {
    var process: Prober?
    var pins: LibraryPins?
  }

  /// Used by one thread at a time, under the lock.
  private final class Prober: @unchecked Sendable {
    let process: HelperProcess
    init(_ process: HelperProcess) { self.process = process }
  }

  private static let state = Mutex(State())
  private static let deadline = Duration.seconds(30)

  /// What the library holds, as it says itself.
  static func components(
    of path: String, userPath: String, pins: LibraryPins?
  ) throws(LoadError) -> [ComponentDescription] {
    let result = state.withLock { state -> Result<[ComponentDescription], LoadError> in
      // A process is told once what it may open.
      if state.pins != pins { state.process = nil }
      state.pins = pins
      return probe(path, userPath, &state)
    }
    return try result.get()
  }

  private static func probe(
    _ path: String, _ userPath: String, _ state: inout State
  ) -> Result<[ComponentDescription], LoadError> {
    let hasOpenedOthers = state.process != nil
    do {
      return try ask(path, userPath, &state)
    } catch {
      state.process = nil
      // A library that was opened there before may have ended the process, or spoken in its place.
      guard hasOpenedOthers, !((error as? HelperDeath)?.isTooLate ?? false) else {
        return failure(error, userPath)
      }
    }
    do {
      return try ask(path, userPath, &state)
    } catch {
      state.process = nil
      return failure(error, userPath)
    }
  }

  private static func failure(
    _ error: any Error, _ userPath: String
  ) -> Result<[ComponentDescription], LoadError> {
    let words = (error as? HelperDeath)?.words ?? "broke the protocol (\(error))"
    return .failure(LoadFault.crashed(words).error(at: userPath))
  }

  private static func ask(
    _ path: String, _ userPath: String, _ state: inout State
  ) throws -> Result<[ComponentDescription], LoadError> {
    let request = HelperRequest(.probe, name: "probe", member: 0) {
      $0.put(path)
      $0.put(userPath)
    }
    let prober = try state.process ?? start(state.pins)
    state.process = prober
    let answer = try prober.process.exchange(request, within: deadline) { _, _ throws(WireFault) in
      throw WireFault("a question without an instance")
    }
    guard case .done(let reader) = answer else { throw HelperDeath(words: "did not answer") }
    return try components(answer: reader, state.pins)
  }

  /// The components of a library, or why it cannot be opened.
  /// - Parameter answer: The message that answers, behind its number.
  package static func components(
    answer: WireReader, _ pins: LibraryPins?
  ) throws(WireFault) -> Result<[ComponentDescription], LoadError> {
    var reader = answer
    _ = try reader.take(UInt32.self)
    guard try reader.bool() else { return .failure(try reader.loadError()) }
    let components = try reader.list { reader throws(WireFault) in try reader.component(pins) }
    // The library's code has run there, and may have spoken in the helper's place.
    do throws(LoadFault) { try ComponentCheck.check(components) } catch {
      throw WireFault("what it says of its components cannot be")
    }
    return .success(components)
  }

  // MARK: Guests

  /// The process ended, or did not answer; how, as in "crashed: signal 11 (SIGSEGV)".
  package struct Ending: Error {
    package var words: String

    /// As of a plugin's library whose process ended while it was being opened.
    package func error(opening path: String) -> LoadError { LoadFault.crashed(words).error(at: path) }
  }

  /// Makes a guest and, unless `call` is nil, calls it once, in a process that is gone afterwards.
  /// - Returns: What it reported when it was made, or what the call gave.
  package static func answer(
    of creation: GuestCreation, call: [UInt8]? = nil, _ arrays: [UnsafeRawBufferPointer] = [],
    pins: LibraryPins?, within time: Duration = .seconds(30)
  ) throws(Ending) -> WireReader {
    do throws(HelperDeath) {
      let process = try start(pins).process
      let made = try reader(process, creation.request(member: 1), time)
      guard let call else { return made }
      var layout = AreaLayout()
      let places = arrays.map { (UInt64(layout.place($0.count)), UInt64($0.count)) }
      let request = HelperRequest(.update, name: "call", member: 1) { writer in
        writer.put(list: places) {
          $0.put($1.0)
          $0.put($1.1)
        }
        writer.append(call)
      }
      request.setInput(arrays)
      return try reader(process, request, time)
    } catch { throw Ending(words: error.words) }
  }

  private static func reader(
    _ process: HelperProcess, _ request: HelperRequest, _ time: Duration
  ) throws(HelperDeath) -> WireReader {
    let answer = try process.exchange(request, within: time) { _, _ throws(WireFault) in
      throw WireFault("a question of a guest")
    }
    switch answer {
    case .failed(let words, _): throw HelperDeath(words: "could not do it: \(words)")
    case .done(var reader):
      do throws(WireFault) {
        guard try reader.take(UInt32.self) == 0 else { throw WireFault("effects of a guest") }
      } catch { throw process.end("\(error)") }
      return reader
    }
  }

  private static func start(_ pins: LibraryPins?) throws(HelperDeath) -> Prober {
    guard let executable = HelperProgram.executable() else {
      throw HelperDeath(words: "cannot be started: there is no program 'trainyard'")
    }
    var setup = HelperSetup()
    setup.pins = pins
    return Prober(try HelperProcess(executable, setup, within: deadline))
  }
}
