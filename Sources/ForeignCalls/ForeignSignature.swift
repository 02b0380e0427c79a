/// A function in a library, and what its arguments are bound to: all that a call needs to know, checked as far as
/// that goes without opening the library.
public struct ForeignSignature: Hashable, Sendable {
  /// A path with a `/`, or a name such as `libm.so.6`, which the system's linker looks for.
  public var library: String
  public var symbol: String
  public var returns: ForeignType
  public var arguments: [ForeignArgument]

  public init(library: String, symbol: String, returns: ForeignType, arguments: [ForeignArgument] = []) {
    self.library = library
    self.symbol = symbol
    self.returns = returns
    self.arguments = arguments
  }

  /// The data that a call reads.
  public var data: Set<ForeignData> {
    var found: Set<ForeignData> = []
    for argument in arguments {
      switch argument.binding {
      case .data(let data): found.insert(data)
      case .callback(let callback): if case .reads(let data) = callback.role { found.insert(data) }
      default: break
      }
    }
    return found
  }

  /// The quantities that a call is told.
  public var quantities: Set<ForeignQuantity> {
    Set(arguments.compactMap { if case .quantity(let quantity) = $0.binding { quantity } else { nil } })
  }

  /// The metrics that a call is given, each once, in the order of the arguments.
  public var metrics: [String] {
    var names: [String] = []
    for case .metric(let name) in arguments.map(\.binding) where !names.contains(name) { names.append(name) }
    return names
  }

  /// The values that a call gives beside its result, in the order of the arguments.
  public var outputs: [ForeignOutput] {
    arguments.compactMap(\.output)
  }
}

/// The type of an argument, and what is passed for it.
public struct ForeignArgument: Hashable, Sendable {
  public var type: ForeignType
  public var binding: ForeignBinding

  public init(_ type: ForeignType, _ binding: ForeignBinding) {
    self.type = type
    self.binding = binding
  }

  /// The value that the call gives through it, if it does.
  public var output: ForeignOutput? {
    switch binding {
    case .output(let output): output
    case .callback(let callback): if case .publishes(let output) = callback.role { output } else { nil }
    default: nil
    }
  }
}

/// What is passed for an argument.
public enum ForeignBinding: Hashable, Sendable {
  /// Rows of a batch or of a whole pass, as a pointer.
  case data(ForeignData)
  case quantity(ForeignQuantity)
  /// The value of a metric.
  case metric(String)
  case constant(ForeignConstant)
  /// Room for one number that the function writes.
  case output(ForeignOutput)
  /// Zeroed memory of so many bytes that is the caller's own: the same in every call, zeroed again at a reset.
  case context(bytes: Int)
  case callback(ForeignCallback)
}

/// Rows that a function may be given.
public enum ForeignData: String, CaseIterable, Hashable, Sendable {
  case prediction, target, weight
}

/// Numbers that describe a call.
public enum ForeignQuantity: String, CaseIterable, Hashable, Sendable {
  /// Rows of what is passed.
  case count
  /// Numbers in a row of predictions.
  case width
  /// From 0.
  case epoch
  /// Optimizer steps done in this run.
  case step
}

public enum ForeignConstant: Hashable, Sendable {
  case number(Double)
  case int(Int64)
  /// Passed by pointer.
  case list([Double])
  /// Passed by pointer, to the last digit.
  case integers([Int64])
  /// Passed by pointer, with a NUL at its end.
  case text(String)
}

/// A value that a call gives under a name of its own.
public struct ForeignOutput: Hashable, Sendable {
  public enum Direction: String, CaseIterable, Sendable {
    case none, min, max
  }
  public var name: String
  public var direction: Direction

  public init(_ name: String, _ direction: Direction = .none) {
    self.name = name
    self.direction = direction
  }
}

/// A function that the C side calls, served by the host.
public struct ForeignCallback: Hashable, Sendable {
  public enum Role: Hashable, Sendable {
    /// Answers with the element of the data that the first integer argument numbers; NaN past its ends.
    case reads(ForeignData)
    /// Its first number becomes a value of the call; the last one stands.
    case publishes(ForeignOutput)
  }
  public var returns: ForeignType
  public var parameters: [ForeignType]
  public var role: Role

  public init(returns: ForeignType, parameters: [ForeignType], role: Role) {
    self.returns = returns
    self.parameters = parameters
    self.role = role
  }
}
