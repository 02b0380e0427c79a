import Glibc
import Synchronization

/// Opens libraries in a process that ends: one for many libraries, and another when one of them has ended it.
enum LibraryProbe {
  private struct State: ~Copyable {
    var process: Prober?
  }

  /// Used by one thread at a time, under the lock.
  private final class Prober: @unchecked Sendable {
    let process: HelperProcess
    init(_ process: HelperProcess) { self.process = process }
  }

  private static let state = Mutex(State())
  private static let deadline = Duration.seconds(30)

  /// What the library holds, as it says itself.
  static func components(of path: String, userPath: String) throws(LoadError) -> [ComponentDescription] {
    let result = state.withLock { state -> Result<[ComponentDescription], LoadError> in
      probe(path, userPath, &state)
    }
    return try result.get()
  }

  private static func probe(
    _ path: String, _ userPath: String, _ state: inout State
  ) -> Result<[ComponentDescription], LoadError> {
    let request = HelperRequest(.probe, name: "probe", member: 0) {
      $0.put(path)
      $0.put(userPath)
    }
    do {
      let prober = try state.process ?? start()
      state.process = prober
      let answer = try prober.process.exchange(request, within: deadline) { _, _ throws(WireFault) in
        throw WireFault("a question without an instance")
      }
      guard case .done(let body) = answer else { throw HelperDeath(words: "did not answer") }
      var reader = WireReader(body)
      _ = try reader.take(UInt32.self)
      guard try reader.bool() else { return .failure(try reader.loadError()) }
      return .success(try reader.list { reader throws(WireFault) in try reader.component() })
    } catch let death as HelperDeath {
      state.process = nil
      return .failure(LoadFault.crashed(death.words).error(at: userPath))
    } catch {
      state.process = nil
      return .failure(LoadFault.crashed("broke the protocol (\(error))").error(at: userPath))
    }
  }

  private static func start() throws(HelperDeath) -> Prober {
    guard let executable = HelperProgram.executable() else {
      throw HelperDeath(words: "cannot be started: there is no program 'trainyard'")
    }
    return Prober(try HelperProcess(executable, HelperSetup(), within: deadline))
  }
}
