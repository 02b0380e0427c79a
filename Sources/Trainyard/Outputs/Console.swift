import Training

/// Where lines for the user go. The program has one on the terminal; an embedding program brings its own.
public protocol Console: AnyObject {
  /// A line that stays.
  func line(_ level: LogLevel, _ text: String)
  /// A text that replaces the one before; "" takes it away. Dropped where there is no terminal.
  func status(_ text: String)
  /// Columns; 0: not a terminal.
  var width: Int { get }
}

/// Says nothing.
public final class SilentConsole: Console {
  public init() {}
  public func line(_ level: LogLevel, _ text: String) {}
  public func status(_ text: String) {}
  public var width: Int { 0 }
}
