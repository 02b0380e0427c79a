/// Why a plugin could not be found or loaded. Tests match the code; `LoadFault` pins the wording.
public struct LoadError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable, CaseIterable {
    // The file.
    case noSuchFile, notAFile, unreadable, unsafePermissions, notALibrary, otherArchitecture, truncated
    // The dynamic linker.
    case unresolvedSymbol, missingLibrary, cannotOpen, noEntryPoint, crashed
    // What the entry answers.
    case refused, abiMismatch, badDescription, tableTooShort, missingSlot, duplicateComponent
    // The search.
    case noSuchPlugin, noSuchComponent, otherKind, severalComponents
  }

  public var code: Code
  /// The path or name as the user wrote it.
  public var path: String
  /// What was found, and what was expected.
  public var detail: String
  /// What the user can do about it.
  public var remedy: String

  /// One line, without the remedy.
  public var message: String { "cannot load plugin '\(path)': \(detail)" }

  public var description: String { message + "\nhelp: " + remedy }
}
