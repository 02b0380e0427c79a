import ForeignCalls
import Support
import Testing

/// What cannot be called is refused with a reason, before anything is called.
@Suite struct SignatureTests {
  func arguments(_ json: String) throws -> [ForeignArgument] {
    guard case .list(let specs) = try SpecValue(json: json) else { throw TestError("no list") }
    let reader = SignatureReader { name, names in names.first { $0.prefix(3) == name.prefix(3) } }
    return try reader.arguments(specs)
  }

  static let refused: [(args: String, code: ForeignError.Code, message: String, help: String)] = [
    (#"["..."]"#, .variadic, "a variadic function", "fixed arguments"),
    (#"[{"bind": "count", "as": "..."}]"#, .variadic, "a variadic function", ""),
    (
      #"[{"bind": "count", "as": "struct point"}]"#, .structByValue, "'struct point' is a struct by value", ""
    ),
    (#"[{"bind": "count", "as": "size_t"}]"#, .badType, "there is no type 'size_t'", "did you mean 'usize'?"),
    (#"[{"bind": "prediction", "as": "const float *"}]"#, .badType, "no type 'const float *'", "'*f32'"),
    (#"[{"bind": "prediction", "as": "**f32"}]"#, .badType, "a pointer to a pointer", ""),
    (#"[{"bind": "count", "as": "void"}]"#, .badType, "cannot be 'void'", ""),
    (
      #"[{"bind": "predicton", "as": "*f32"}]"#, .unknownBinding, "name 'predicton'",
      "did you mean 'prediction'?"
    ),
    (#"[{"bind": "cuont", "as": "usize"}]"#, .unknownBinding, "name 'cuont'", "bindings: prediction"),
    (#"[{"bind": "prediction", "as": "f32"}]"#, .wrongTypeForBinding, "'prediction' is an array", #""*f32""#),
    (#"[{"bind": "prediction", "as": "*i32"}]"#, .wrongTypeForBinding, "'prediction' holds f32", ""),
    (#"[{"bind": "weight", "as": "*u8"}]"#, .wrongTypeForBinding, "'weight' holds f32", ""),
    (#"[{"bind": "count", "as": "*usize"}]"#, .wrongTypeForBinding, "'count' is a number", "usize"),
    (
      #"[{"bind": "val_loss", "as": "i32"}]"#, .unknownBinding, "'val_loss' can be passed as 'i32'",
      "f64 or f32"
    ),
    (#"[{"bind": 0.5, "as": "i32"}]"#, .badConstant, "0.5 is no i32", ""),
    (#"[{"bind": 256, "as": "u8"}]"#, .badConstant, "256 is no u8", ""),
    (#"[{"bind": 1e300, "as": "f32"}]"#, .badConstant, "1e+300 is no f32", ""),
    (#"[{"value": [0.5, -1e300], "as": "*f32"}]"#, .badConstant, "-1e+300 is no f32", ""),
    (#"[{"value": [16777217], "as": "*f32"}]"#, .badConstant, "16777217 is no f32", ""),
    (#"[{"bind": true, "as": "f64"}]"#, .badConstant, "true cannot be passed as 'f64'", ""),
    (#"[{"value": [1, 2], "as": "f64"}]"#, .badConstant, "a list cannot be passed as 'f64'", "by pointer"),
    (#"[{"value": "x", "as": "*f64"}]"#, .badConstant, "'x' cannot be passed", ""),
    (#"[{"out": "a", "as": "f64"}]"#, .wrongTypeForBinding, "'out' is written", #""*f64""#),
    (#"[{"out": "a", "as": "*const f64"}]"#, .wrongTypeForBinding, "'out' is written", ""),
    (#"[{"out": "a b", "as": "*f64"}]"#, .badName, "'a b' cannot be the name of a metric", "letters"),
    (#"[{"out": "a", "as": "*f64", "direction": "up"}]"#, .badSpec, "direction 'up'", "min, max or none"),
    (#"[{"context": 0, "as": "*void"}]"#, .badConstant, "a context of 0 bytes", ""),
    (#"[{"context": 8, "as": "u64"}]"#, .wrongTypeForBinding, "a context", "*void"),
    (#"[{"bind": "count"}]"#, .badSpec, "needs 'as'", ""),
    (#"[{"as": "f64"}]"#, .badSpec, "has none of them", ""),
    (#"[{"bind": "count", "out": "x", "as": "f64"}]"#, .badSpec, "'bind' and 'out'", ""),
    (#"[{"bind": "count", "as": "f64", "typ": 1}]"#, .badSpec, "no key 'typ'", "keys: bind"),
    (#"["f64"]"#, .badSpec, "must be a map, not 'f64'", ""),
    (#"[{"callback": {"args": ["f64"], "returns": "f64"}}]"#, .badSpec, "one of 'reads' and 'publishes'", ""),
    (
      #"[{"callback": {"args": ["f64"], "returns": "f64", "reads": "target"}}]"#, .wrongTypeForBinding,
      "takes the number", ""
    ),
    (#"[{"callback": {"args": ["*f64"], "publishes": "x"}}]"#, .wrongTypeForBinding, "takes a number", ""),
  ]

  @Test(arguments: refused)
  func `what cannot be passed is refused with a reason`(
    args: String, code: ForeignError.Code, message: String, help: String
  ) throws {
    let error = try #require(throws: ForeignError.self) { try arguments(args) }
    #expect(error.code == code, "\(error)")
    #expect(error.message.contains(message), "\(error)")
    #expect(help.isEmpty || error.help.contains(help), "\(error)")
    #expect(error.argument == 0)
  }

  static let functions: [(library: String?, symbol: String, code: ForeignError.Code, message: String)] = [
    ("libno-such-thing.so.1", "f", .missingLibrary, "cannot open the library 'libno-such-thing.so.1'"),
    ("/nowhere/libx.so", "f", .missingLibrary, "cannot open the library '/nowhere/libx.so'"),
    ("", "f", .badName, "the library has no name"),
    (nil, "no_such_function", .missingSymbol, "has no function 'no_such_function'"),
    (nil, "f()", .badName, "'f()' cannot be the name of a C function"),
    ("libc.so.6", "printf", .variadic, "a variadic function"),
    ("libc.so.6", "__printf_chk", .variadic, "a variadic function"),
    ("libc.so.6", "__isoc99_sscanf", .variadic, "a variadic function"),
    ("libc.so.6", "swprintf", .variadic, "a variadic function"),
    ("libc.so.6", "error", .variadic, "a variadic function"),
    ("libc.so.6", "open64", .variadic, "a variadic function"),
    ("libc.so.6", "environ", .missingSymbol, "'environ' of 'libc.so.6' is data"),
    (nil, "some_data", .missingSymbol, "is data, no function"),
    (nil, "some_constant", .missingSymbol, "is data, no function"),
  ]

  @Test(arguments: functions)
  func `a function that is not there is refused`(
    library: String?, symbol: String, code: ForeignError.Code, message: String
  ) throws {
    let signature = ForeignSignature(
      library: try library ?? CLibrary.shared.get().path, symbol: symbol, returns: .void)
    let error = try #require(throws: ForeignError.self) { try ForeignFunction(signature) }
    #expect(error.code == code && error.message.contains(message), "\(error)")
  }

  @Test func `data in a type that cannot hold it does not fit`() {
    for (from, to, largest, fits) in [
      (ForeignScalar.f32, ForeignScalar.f64, nil, true), (.f64, .f32, nil, true), (.f32, .i32, nil, false),
      (.i32, .i32, nil, true), (.i32, .f32, nil, false), (.i32, .f32, 9, true), (.i32, .u8, 255, true),
      (.i32, .u8, 256, false), (.i32, .i8, 128, false), (.i32, .bool, 1, true), (.i32, .bool, 2, false),
    ] as [(ForeignScalar, ForeignScalar, Int?, Bool)] {
      let fault = ForeignConversion.fault(.target, from: from, to: to, largest: largest)
      #expect((fault == nil) == fits, "\(from) to \(to), \(String(describing: largest))")
    }
  }

  @Test(arguments: [
    "{", "[1,]", #"{"a" 1}"#, #""\u12""#, #""\ud800""#, "tru", "[1] 2", "", String(repeating: "[", count: 99),
  ])
  func `text that is no JSON is refused`(text: String) {
    #expect(throws: ForeignError.self) { try SpecValue(json: text) }
  }

  @Test func `JSON is read whole`() throws {
    let value = try SpecValue(json: #" {"a": [1, -2.5e1, true, null], "b": "x\n\u00e9\ud83d\ude00\""} "#)
    #expect(value["a"] == .list([.int(1), .float(-25), .bool(true), .null]))
    #expect(value["b"] == .text("x\né😀\""))
  }
}
