/// A value of a row, as SQLite has them.
enum SQLValue: Sendable, Equatable {
  case null
  case int(Int64)
  case real(Double)
  case text(String)

  init(_ value: Int?) { self = value.map { .int(Int64($0)) } ?? .null }
  init(_ value: Int64?) { self = value.map { .int($0) } ?? .null }
  init(_ value: String?) { self = value.map { .text($0) } ?? .null }
  /// NaN becomes NULL: SQLite has no NaN.
  init(_ value: Double?) { self = value.map { $0.isNaN ? .null : .real($0) } ?? .null }
  /// In decimal: SQLite's integers end at 2^63.
  init(_ value: UInt64?) { self = value.map { .text(String($0)) } ?? .null }
}
