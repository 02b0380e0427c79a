/// Numbers in memory that a call may be given: a view, valid as long as its owner says.
public struct ForeignArray {
  public var base: UnsafeRawPointer
  public var type: ForeignScalar
  public var count: Int

  public init(_ base: UnsafeRawPointer, _ type: ForeignScalar, count: Int) {
    self.base = base
    self.type = type
    self.count = count
  }

  /// Element `index`; NaN outside.
  func value(at index: Double) -> Double {
    guard index >= 0, index < Double(count) else { return .nan }
    return type.load(base + Int(index) * type.size)
  }
}

/// Numbers in another type than they have, in memory that grows when it must and is used again.
final class ScratchArray {
  let type: ForeignScalar
  private(set) var base: UnsafeMutableRawPointer
  private var capacity: Int
  /// How many ones it holds from the start, for weights that are not given.
  private var ones = 0

  init(_ type: ForeignScalar) {
    self.type = type
    capacity = 0
    base = .allocate(byteCount: 8, alignment: 64)
  }

  deinit { base.deallocate() }

  /// The same numbers in this type. What does not fit has been refused by `ForeignConversion`.
  func convert(_ source: ForeignArray) -> ForeignArray {
    reserve(source.count)
    ones = 0
    if source.type == type {
      base.copyMemory(from: source.base, byteCount: source.count * type.size)
      return ForeignArray(base, type, count: source.count)
    }
    switch (source.type, type) {
    case (.f32, .f64): copy(source, Float.self, Double.self) { Double($0) }
    case (.f64, .f32): copy(source, Double.self, Float.self) { Float($0) }
    case (.i32, .f32): copy(source, Int32.self, Float.self) { Float($0) }
    case (.i32, .f64): copy(source, Int32.self, Double.self) { Double($0) }
    case (.i32, .i64), (.i32, .u64), (.i32, .usize): copy(source, Int32.self, Int64.self) { Int64($0) }
    case (.i32, .i16), (.i32, .u16): copy(source, Int32.self, Int16.self) { Int16(truncatingIfNeeded: $0) }
    case (.i32, .i8), (.i32, .u8), (.i32, .bool):
      copy(source, Int32.self, Int8.self) { Int8(truncatingIfNeeded: $0) }
    default: copy(source, Int32.self, Int32.self) { $0 }
    }
    return ForeignArray(base, type, count: source.count)
  }

  /// So many ones. `areUntouched`: those of the last time are still there.
  func filledWithOnes(_ count: Int, areUntouched: Bool = true) -> ForeignArray {
    reserve(count)
    if !areUntouched { ones = 0 }
    for index in min(ones, count)..<count { type.store(1, at: base + index * type.size) }
    ones = max(ones, count)
    return ForeignArray(base, type, count: count)
  }

  private func reserve(_ count: Int) {
    guard count > capacity else { return }
    base.deallocate()
    capacity = max(count, 2 * capacity)
    base = .allocate(byteCount: capacity * type.size, alignment: 64)
    ones = 0
  }

  private func copy<From, To>(_ source: ForeignArray, _: From.Type, _: To.Type, _ convert: (From) -> To) {
    let from = source.base.assumingMemoryBound(to: From.self)
    let to = base.assumingMemoryBound(to: To.self)
    for index in 0..<source.count { to[index] = convert(from[index]) }
  }
}

/// Which numbers can be handed over in which type.
///
/// f32 and f64 become each other. Class numbers (i32) become any type that holds the largest of them. Numbers with
/// a fraction never become integers.
public enum ForeignConversion {
  /// Why `data` cannot be passed in the type, or `nil`.
  /// - Parameter largest: Of the numbers, where they are whole.
  public static func fault(
    _ data: ForeignData, from: ForeignScalar, to: ForeignScalar, largest: Int? = nil
  ) -> ForeignError? {
    if from.isFloat {
      if to.isFloat { return nil }
      return ForeignError(
        .doesNotFit,
        "'\(data.rawValue)' holds \(from.rawValue) here, and cannot be passed as '*\(to.rawValue)'",
        help: "write as: \"*f32\" or \"*f64\"")
    }
    guard from == .i32, UInt64(max(0, largest ?? Int(Int32.max))) <= to.largestInteger else {
      let numbers = largest.map { "the classes 0 to \($0)" } ?? "class numbers"
      return ForeignError(
        .doesNotFit, "'\(data.rawValue)' holds \(numbers), which '*\(to.rawValue)' cannot hold",
        help: "write as: \"*i32\"")
    }
    return nil
  }
}
