/// Reads `args`: a list of types and bindings.
///
///     {bind: prediction, as: "*f32"}      prediction, target, weight: rows, by pointer
///     {bind: count, as: usize}            count, width, epoch, step
///     {bind: val_loss, as: f64}           any metric by its name
///     {bind: 0.5, as: f64}                a constant: a number, true or false
///     {value: [0.1, 0.9], as: "*f64"}     a list of numbers, or a text as "*i8"
///     {out: slope, as: "*f64"}            a value that the function writes; with direction: min or max
///     {context: 64, as: "*void"}          zeroed memory that stays from call to call
///     {callback: {args: [usize], returns: f64, reads: target}}
///     {callback: {args: [f64], returns: void, publishes: progress}}
public struct SignatureReader {
  /// What can be bound here. A callback of a run sees no rows.
  public var data: Set<ForeignData>
  public var quantities: Set<ForeignQuantity>
  /// The nearest of some names, for a typing error.
  public var nearest: (String, [String]) -> String?
  /// Why data cannot be bound here, if it cannot.
  public var whyNoData = ""

  public init(
    data: Set<ForeignData> = Set(ForeignData.allCases),
    quantities: Set<ForeignQuantity> = Set(ForeignQuantity.allCases),
    nearest: @escaping (String, [String]) -> String? = { _, _ in nil }
  ) {
    self.data = data
    self.quantities = quantities
    self.nearest = nearest
  }

  private static let keys = ["bind", "as", "value", "out", "direction", "context", "callback"]
  private static let mostArguments = 64
  private static let largestContext = 1 << 24

  public func arguments(_ specs: [SpecValue]) throws(ForeignError) -> [ForeignArgument] {
    guard specs.count <= Self.mostArguments else {
      throw ForeignError(
        .badSpec, "\(specs.count) arguments, and \(Self.mostArguments) is the most",
        help: "is it the right function?")
    }
    var arguments: [ForeignArgument] = []
    for (index, spec) in specs.enumerated() {
      do throws(ForeignError) { arguments.append(try argument(spec)) } catch { throw error.about(index) }
    }
    return arguments
  }

  private func argument(_ spec: SpecValue) throws(ForeignError) -> ForeignArgument {
    if spec.text == "..." { throw .variadic }
    guard case .map(let entries) = spec else {
      throw ForeignError(
        .badSpec, "an argument must be a map, not \(spec.shown)",
        help: "write {bind: prediction, as: \"*f32\"}")
    }
    for entry in entries where !Self.keys.contains(entry.key) {
      let hint = nearest(entry.key, Self.keys).map { "did you mean '\($0)'? " } ?? ""
      throw ForeignError(
        .badSpec, "an argument has no key '\(entry.key)'",
        help: hint + "keys: \(Self.keys.joined(separator: ", "))")
    }
    let ways = ["bind", "value", "out", "context", "callback"].filter { spec[$0] != nil }
    guard let way = ways.first, ways.count == 1 else {
      let found = ways.isEmpty ? "none of them" : "'\(ways.joined(separator: "' and '"))'"
      throw ForeignError(
        .badSpec,
        "an argument needs one of 'bind', 'value', 'out', 'context' and 'callback', and has \(found)",
        help: "write {bind: prediction, as: \"*f32\"}")
    }
    if spec["direction"] != nil, way != "out", way != "callback" {
      throw ForeignError(.badSpec, "'direction' goes with 'out' and 'callback'", help: "take it out")
    }
    if way == "callback" { return ForeignArgument(.opaque, .callback(try callback(spec))) }
    guard let name = spec["as"]?.text else {
      throw ForeignError(
        .badSpec, "an argument needs 'as', the type in the C function's prototype, as a text",
        help: "such as as: f64, or as: \"*f32\" for a pointer")
    }
    let type = try ForeignType(name)
    return ForeignArgument(type, try binding(way, spec, type))
  }

  private func binding(
    _ way: String, _ spec: SpecValue, _ type: ForeignType
  ) throws(ForeignError) -> ForeignBinding {
    guard type != .void else {
      throw ForeignError(
        .badType, "an argument cannot be 'void'", help: "a function without arguments has args: []")
    }
    switch (way, spec[way] ?? .null) {
    case ("bind", .text(let name)): return try bound(name, type)
    case ("bind", let value), ("value", let value): return .constant(try constant(value, type))
    case ("out", let value): return .output(try output(value, spec["direction"], type))
    case ("context", .int(let bytes)):
      guard (1...Int64(Self.largestContext)).contains(bytes) else {
        throw ForeignError(
          .badConstant, "a context of \(bytes) bytes", help: "it may have 1 to \(Self.largestContext) bytes")
      }
      try require(type.isPointer, "a context", type, "\"*void\"")
      return .context(bytes: Int(bytes))
    case (_, let value):
      throw ForeignError(
        .badSpec, "'\(way)' cannot be \(value.shown)", help: "a context is a number of bytes")
    }
  }

  // MARK: Bindings

  private func bound(_ name: String, _ type: ForeignType) throws(ForeignError) -> ForeignBinding {
    if let data = ForeignData(rawValue: name) {
      guard self.data.contains(data) else { throw ForeignError(.unknownBinding, "'\(name)' \(whyNoData)") }
      try check(data, type)
      return .data(data)
    }
    if let quantity = ForeignQuantity(rawValue: name) {
      guard quantities.contains(quantity) else {
        throw ForeignError(.unknownBinding, "'\(name)' \(whyNoData)")
      }
      guard case .scalar(let scalar) = type, scalar != .bool else {
        throw wrong("'\(name)' is a number", type, quantity == .count || quantity == .width ? "usize" : "i64")
      }
      return .quantity(quantity)
    }
    guard case .scalar(let scalar) = type, scalar.isFloat else {
      let words = known
      let hint = nearest(name, words).map { "did you mean '\($0)'? " } ?? ""
      throw ForeignError(
        .unknownBinding, "nothing of the name '\(name)' can be passed as '\(type)'",
        help: "\(hint)bindings: \(words.joined(separator: ", ")); and any metric, as f64 or f32")
    }
    guard !name.isEmpty else {
      throw ForeignError(.badName, "'bind' is empty", help: "name a metric, or prediction")
    }
    return .metric(name)
  }

  private var known: [String] {
    ForeignData.allCases.filter(data.contains).map(\.rawValue)
      + ForeignQuantity.allCases.filter(quantities.contains).map(\.rawValue)
  }

  /// Predictions and weights are f32 or f64 and are converted between the two; class numbers are converted to
  /// whatever holds them. What would lose digits of a prediction is refused.
  private func check(_ data: ForeignData, _ type: ForeignType) throws(ForeignError) {
    guard case .pointer(let scalar, _) = type else {
      throw wrong("'\(data.rawValue)' is an array", type, "\"*f32\"")
    }
    if data != .target {
      try require(scalar.isFloat, "'\(data.rawValue)' holds f32", type, "\"*f32\" or \"*f64\"")
    }
  }

  private func require(
    _ isRight: Bool, _ what: String, _ type: ForeignType, _ expected: String
  ) throws(ForeignError) {
    if !isRight { throw wrong(what, type, expected) }
  }

  private func wrong(_ what: String, _ type: ForeignType, _ expected: String) -> ForeignError {
    ForeignError(
      .wrongTypeForBinding, "\(what), and cannot be passed as '\(type)'", help: "write as: \(expected)")
  }

  // MARK: Constants and outputs

  private func constant(_ value: SpecValue, _ type: ForeignType) throws(ForeignError) -> ForeignConstant {
    let room = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)
    defer { room.deallocate() }
    switch (value, type) {
    case (.bool(let flag), .scalar(let scalar)):
      guard !scalar.isFloat else { break }
      return .int(flag ? 1 : 0)
    case (.int(let number), .scalar(let scalar)):
      guard scalar.store(Int(number), at: room) else { throw notHeld("\(number)", scalar) }
      return .int(number)
    case (.float(let number), .scalar(let scalar)):
      guard scalar.storeConstant(number, at: room) else { throw notHeld("\(number)", scalar) }
      return .number(number)
    case (.list(let elements), .pointer(let scalar, _)):
      return try list(elements, scalar, room)
    case (.text(let text), .pointer(let scalar, _)) where scalar.size == 1 && scalar != .bool:
      guard !text.utf8.contains(0) else {
        throw ForeignError(
          .badConstant, "a text with the character U+0000", help: "it ends a text in C; remove it")
      }
      return .text(text)
    default: break
    }
    throw ForeignError(
      .badConstant, "\(value.shown) cannot be passed as '\(type)'",
      help: "numbers go by value, lists of numbers by pointer, texts as \"*i8\"")
  }

  /// Integers stay integers, so that 64-bit ones keep all digits.
  private func list(
    _ elements: [SpecValue], _ scalar: ForeignScalar, _ room: UnsafeMutableRawPointer
  ) throws(ForeignError) -> ForeignConstant {
    var numbers: [Double] = []
    var integers: [Int64] = []
    for element in elements {
      let fits =
        switch element {
        case .int(let value): scalar.store(Int(value), at: room)
        case .float(let value): scalar.storeConstant(value, at: room)
        default: false
        }
      guard fits, let number = element.number else { throw notHeld(element.shown, scalar) }
      numbers.append(number)
      if case .int(let value) = element { integers.append(value) }
      if case .float(let value) = element, let whole = Int64(exactly: value) { integers.append(whole) }
    }
    return !scalar.isFloat && integers.count == elements.count ? .integers(integers) : .list(numbers)
  }

  private func notHeld(_ value: String, _ scalar: ForeignScalar) -> ForeignError {
    ForeignError(
      .badConstant, "\(value) is no \(scalar.rawValue)", help: "give a value that the type can hold")
  }

  private func output(
    _ value: SpecValue, _ direction: SpecValue?, _ type: ForeignType
  ) throws(ForeignError) -> ForeignOutput {
    guard case .pointer(_, let isConst) = type, !isConst else {
      throw wrong("'out' is written by the function", type, "\"*f64\"")
    }
    return try named(value, direction)
  }

  private func named(_ value: SpecValue, _ direction: SpecValue?) throws(ForeignError) -> ForeignOutput {
    guard let name = value.text, MetricNames.isGood(name) else {
      throw ForeignError(.badName, "\(value.shown) cannot be the name of a metric", help: MetricNames.rule)
    }
    guard let direction else { return ForeignOutput(name) }
    guard let way = direction.text.flatMap(ForeignOutput.Direction.init) else {
      throw ForeignError(.badSpec, "direction \(direction.shown)", help: "it is min, max or none")
    }
    return ForeignOutput(name, way)
  }

  // MARK: Callbacks

  private func callback(_ spec: SpecValue) throws(ForeignError) -> ForeignCallback {
    guard let table = spec["callback"], case .map(let entries) = table else {
      throw ForeignError(
        .badSpec, "'callback' must be a map", help: "write {args: [usize], returns: f64, reads: prediction}")
    }
    let keys = ["args", "returns", "reads", "publishes"]
    for entry in entries where !keys.contains(entry.key) {
      throw ForeignError(
        .badSpec, "a callback has no key '\(entry.key)'", help: "keys: \(keys.joined(separator: ", "))")
    }
    guard case .list(let types)? = table["args"] else {
      throw ForeignError(
        .badSpec, "a callback needs 'args', a list of types", help: "write args: [usize, \"*void\"]")
    }
    var parameters: [ForeignType] = []
    for type in types {
      guard let text = type.text else {
        throw ForeignError(.badType, "\(type.shown) is no type", help: "write f64")
      }
      parameters.append(try ForeignType(text))
    }
    guard !parameters.contains(.void) else {
      throw ForeignError(.badType, "an argument cannot be 'void'", help: "args: []")
    }
    let returns = try ForeignType(table["returns"]?.text ?? "void")
    return ForeignCallback(
      returns: returns, parameters: parameters, role: try role(table, returns, parameters, spec["direction"]))
  }

  private func role(
    _ table: SpecValue, _ returns: ForeignType, _ parameters: [ForeignType], _ direction: SpecValue?
  ) throws(ForeignError) -> ForeignCallback.Role {
    let scalars = parameters.compactMap { if case .scalar(let scalar) = $0 { scalar } else { nil } }
    switch (table["reads"], table["publishes"]) {
    case (let source?, nil):
      guard let name = source.text, let data = ForeignData(rawValue: name), self.data.contains(data) else {
        throw ForeignError(
          .unknownBinding, "a callback cannot read \(source.shown)",
          help: "it reads prediction, target or weight")
      }
      guard case .scalar(let result) = returns, result.isFloat, scalars.contains(where: { !$0.isFloat })
      else {
        throw ForeignError(
          .wrongTypeForBinding, "a callback that reads takes the number of an element and returns f64 or f32",
          help: "write {args: [usize], returns: f64, reads: \(name)}")
      }
      return .reads(data)
    case (nil, let name?):
      guard !scalars.isEmpty, returns == .void || returns.isScalar else {
        throw ForeignError(
          .wrongTypeForBinding, "a callback that publishes takes a number",
          help: "write {args: [f64], publishes: x}")
      }
      return .publishes(try named(name, direction))
    default:
      throw ForeignError(
        .badSpec, "a callback needs one of 'reads' and 'publishes'", help: "give one of them")
    }
  }
}

/// Names that a metric may have here: they become columns of files and keys in checkpoints.
public enum MetricNames {
  public static let rule = "use letters, digits, '-', '_' and '.', with a letter in front; at most 100"

  public static func isGood(_ name: String) -> Bool {
    guard let first = name.utf8.first, name.utf8.count <= 100 else { return false }
    func isLetter(_ byte: UInt8) -> Bool {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
    }
    func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    return isLetter(first) && name.utf8.allSatisfy { isLetter($0) || isDigit($0) || "-.".utf8.contains($0) }
  }
}

extension ForeignType {
  var isPointer: Bool {
    switch self {
    case .pointer, .opaque: true
    default: false
    }
  }
  var isScalar: Bool { if case .scalar = self { true } else { false } }
}
