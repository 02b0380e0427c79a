import CTrainyard
import Glibc

/// Memory for tables that live as long as the library.
enum Immortal {
  static func string(_ text: String) -> UnsafePointer<CChar>? { UnsafePointer(strdup(text)) }
  static func free(_ text: UnsafePointer<CChar>) { Glibc.free(UnsafeMutablePointer(mutating: text)) }

  static func value<T>(_ value: T) -> UnsafeMutablePointer<T> {
    let pointer = UnsafeMutablePointer<T>.allocate(capacity: 1)
    pointer.initialize(to: value)
    return pointer
  }

  /// An array of pointers; `nil` when it is empty.
  static func array<T>(_ values: [T]) -> UnsafeMutablePointer<T>? {
    guard !values.isEmpty else { return nil }
    let pointer = UnsafeMutablePointer<T>.allocate(capacity: values.count)
    pointer.initialize(from: values, count: values.count)
    return pointer
  }
}
