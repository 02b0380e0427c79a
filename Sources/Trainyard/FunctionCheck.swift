import PluginHost

/// What happened when a C function of a pipeline was called once, with made data and in a process of its own.
public struct FunctionCheck: Sendable, Equatable {
  public enum Outcome: Sendable, Equatable {
    /// It came back. Each metric that it gives, with its value; `nil`: it gave none.
    case called([Value])
    /// It cannot be opened, or cannot be given the data.
    case refused(message: String, help: String)
    /// The process did not come back: "crashed: signal 11 (SIGSEGV)".
    case ended(String)
  }

  public struct Value: Sendable, Equatable {
    public var name: String
    public var value: Double?
  }

  /// The monitor's name.
  public var name: String
  public var library: String
  public var symbol: String
  /// Where it stands in the pipeline.
  public var place: String
  public var outcome: Outcome

  public var isFault: Bool { if case .called = outcome { false } else { true } }
}

extension Pipeline {
  /// Calls each C function among the monitors once, in a process that ends, with 16 made rows: predictions between 0 and
  /// 1, three in a row where the function is told their width; class numbers; weights of 1; metrics of 0.5. No plugin is
  /// opened.
  ///
  /// A signature that is not the function's may show itself here as a crash, or as a value that cannot be; or not at all.
  public func checkFunctions(
    onResult: (FunctionCheck) throws -> Void = { _ in }
  ) rethrows -> [FunctionCheck] {
    var checks: [FunctionCheck] = []
    for measure in config.measures {
      guard case .function(let function) = measure.content else { continue }
      let check = FunctionCheck(
        name: measure.name, library: function.signature.library, symbol: function.signature.symbol,
        place: "\(measure.position), \(measure.place)", outcome: outcome(measure, function))
      try onResult(check)
      checks.append(check)
    }
    return checks
  }

  private func outcome(_ measure: MeasureConfig, _ function: FunctionConfig) -> FunctionCheck.Outcome {
    let probe = FunctionProbe(function, pins: search.pins)
    do {
      try probe.open()
      let seconds = function.isolation.deadline ?? 30
      let answer = try probe.call(within: .milliseconds(Int64(min(seconds * 1000, 1e15))))
      var values = function.outputs.enumerated().map {
        FunctionCheck.Value(name: $1, value: answer.outputs[$0])
      }
      if function.signature.returns != .void {
        values.insert(FunctionCheck.Value(name: measure.name, value: answer.result), at: 0)
      }
      return .called(values)
    } catch let ending as LibraryProbe.Ending {
      return .ended(ending.words)
    } catch {
      let (message, help) = FunctionFault(error).words
      return .refused(message: message, help: help)
    }
  }
}
