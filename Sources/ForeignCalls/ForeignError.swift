/// Why a function cannot be called as it is described. Tests match the code.
public struct ForeignError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable, CaseIterable {
    // The description.
    case badSpec, badType, variadic, structByValue, unknownBinding, wrongTypeForBinding, badName, badConstant
    // The library.
    case missingLibrary, untrustedLibrary, missingSymbol
    // The data that a call is to be given.
    case doesNotFit
    // libffi, or memory for it.
    case cannotPrepare
  }

  public var code: Code
  /// What went wrong, found and expected.
  public var message: String
  /// What the user can do about it.
  public var help: String
  /// Which argument it is about, from 0; `nil`: none.
  public var argument: Int?

  public init(_ code: Code, _ message: String, help: String = "", argument: Int? = nil) {
    self.code = code
    self.message = message
    self.help = help
    self.argument = argument
  }

  public var description: String { help.isEmpty ? message : "\(message)\nhelp: \(help)" }

  static let variadic = ForeignError(
    .variadic, "a variadic function ('...') cannot be called",
    help: "its call depends on what is passed; write a C function with fixed arguments around it")

  /// The error with the argument that it is about.
  func about(_ argument: Int) -> ForeignError {
    var error = self
    error.argument = error.argument ?? argument
    return error
  }
}
