extension Unicode.Scalar {
  /// Whether a terminal acts upon it instead of showing it: controls, also those of 8 bits, ends of lines, and marks
  /// that turn the direction in which text is read. The one rule for words of strangers that a person gets to see.
  package var steersTerminals: Bool {
    if value < 0x7F { return value < 0x20 }
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: return true
    // What joins letters, or keeps them apart, some languages need.
    case .format: return value != 0x200C && value != 0x200D
    default: return false
    }
  }
}

extension String {
  /// Without what a terminal would act upon.
  /// - Parameter keepsLines: Whether it may have several lines.
  package func shownOnTerminals(keepsLines: Bool = false) -> String {
    func stays(_ scalar: Unicode.Scalar) -> Bool { !scalar.steersTerminals || keepsLines && scalar == "\n" }
    guard !unicodeScalars.allSatisfy(stays) else { return self }
    return String(String.UnicodeScalarView(unicodeScalars.filter(stays)))
  }
}
