import ForeignCalls
import PluginHost
import Training

/// A monitor of a plan that is no plugin, with nothing left open.
public enum PlannedMeasure: Sendable {
  case function(PlannedFunction)
  case expression(PlannedExpression)
  /// Of an embedding program.
  case closure(ClosureMonitor)

  public var name: String {
    switch self {
    case .function(let function): function.name
    case .expression(let expression): expression.name
    case .closure(let closure): closure.name
    }
  }
}

/// A C function that was found, and how it is called.
public struct PlannedFunction: Sendable {
  /// The metric that its result becomes.
  public var name: String
  public var config: FunctionConfig
  public var direction: Direction
  /// Where it stands, as messages say it; "" for one of a program.
  public var place: String
  /// How it is kept apart, in a helper process; `nil`: it is called in this one.
  public var isolation: IsolationSettings?
  /// What its library must be; a helper compares it.
  public var pins: LibraryPins?

  public init(
    _ name: String, _ config: FunctionConfig, direction: Direction = .none, place: String = "",
    isolation: IsolationSettings? = nil, pins: LibraryPins? = nil
  ) {
    self.name = name
    self.config = config
    self.direction = direction
    self.place = place
    self.isolation = isolation
    self.pins = pins
  }
}

/// An expression over metrics under a name.
public struct PlannedExpression: Sendable {
  public var name: String
  public var expression: Expression
  public var direction: Direction
  /// Where each of the expression's names stands, as messages say it; empty for one of a program.
  public var places: [String]

  public init(_ name: String, _ expression: Expression, direction: Direction = .none, places: [String] = []) {
    self.name = name
    self.expression = expression
    self.direction = direction
    self.places = places
  }
}
