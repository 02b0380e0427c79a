/// A parser of bytes that anybody may have written, as a function of them. Whatever they are it returns: it does not
/// trap, does not hang, and takes no memory that the bytes do not account for. It traps itself where what was read
/// breaks a rule that must hold, such as that what was written reads back the same.
///
/// To add one: a row in a table beside these, seeds in `Tests/Data/corpus/<name>/`.
public struct FuzzTarget: Sendable {
  /// As `make fuzz TARGET=name` and the corpus folder have it.
  public let name: String
  /// What the bytes are.
  public let doc: String
  /// What an input costs beside one of the cheapest target: dear ones get fewer in the short run.
  public let cost: Int
  public let run: @Sendable ([UInt8]) -> Void

  init(_ name: String, _ doc: String, cost: Int = 1, _ run: @escaping @Sendable ([UInt8]) -> Void) {
    self.name = name
    self.doc = doc
    self.cost = cost
    self.run = run
  }

  public static let all: [FuzzTarget] =
    configTargets + optionTargets + dataTargets + runFileTargets + checkpointTargets + libraryTargets
    + helperTargets

  /// Traps on what begins with `trap`, never ends on `hang`: what the tests of the runner look for.
  static let broken = FuzzTarget("broken", "Shows what becomes of a fault.") { bytes in
    precondition(!bytes.starts(with: Array("trap".utf8)), "an input that begins with 'trap'")
    while bytes.starts(with: Array("hang".utf8)) {}
  }

  public static func named(_ name: String) -> FuzzTarget? { (all + [broken]).first { $0.name == name } }
}

/// A rule that holds whatever the bytes are. Its breach ends the process, as a trap of the parser does.
func require(_ holds: Bool, _ rule: @autoclosure () -> String) {
  precondition(holds, "broken rule: \(rule())")
}

/// Runs what may throw; the words of an error are made too, since they quote the bytes.
func attempt<Value>(_ body: () throws -> Value) -> Value? {
  do { return try body() } catch {
    _ = "\(error)".utf8.count
    return nil
  }
}

extension [UInt8] {
  /// As text; what is no UTF-8 is replaced.
  var text: String { String(decoding: self, as: UTF8.self) }

  /// The pieces between zero bytes; the last one holds the rest. Always so many.
  func pieces(_ count: Int) -> [[UInt8]] {
    var pieces = split(separator: 0, maxSplits: count - 1, omittingEmptySubsequences: false).map { Array($0) }
    while pieces.count < count { pieces.append([]) }
    return pieces
  }

  /// The first lines, and last of all the rest. Always so many.
  func lines(_ count: Int) -> [String] {
    var lines = split(separator: 10, maxSplits: count - 1, omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
    while lines.count < count { lines.append("") }
    return lines
  }
}
