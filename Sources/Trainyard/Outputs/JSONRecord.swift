extension JSONValue {
  /// An object from pairs, in their order.
  public static func record(_ pairs: [(String, JSONValue)]) -> JSONValue {
    .object(pairs.map { Member($0.0, $0.1) })
  }
}
