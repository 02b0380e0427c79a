import ForeignCalls
import Support
import Testing

@Suite struct ForeignCallTests {
  static let echoes: [(type: String, value: String, result: Double)] = [
    ("i8", "-128", -128), ("i16", "-32768", -32768), ("i32", "-2147483648", -2_147_483_648),
    ("i64", "-9007199254740992", -0x1p53), ("u8", "255", 255), ("u16", "65535", 65535),
    ("u32", "4294967295", 4_294_967_295), ("u64", "9007199254740992", 0x1p53), ("f32", "0.5", 0.5),
    ("f64", "-0.1", -0.1), ("f64", "3", 3), ("bool", "true", 1), ("bool", "false", 0), ("usize", "17", 17),
  ]

  @Test(arguments: echoes)
  func `every type goes in and comes back`(type: String, value: String, result: Double) throws {
    let call = try CLibrary.call("echo_\(type)", type, "[{\"bind\": \(value), \"as\": \"\(type)\"}]")
    call()
    #expect(call.result == result)
  }

  @Test func `arguments of different sizes each find their register`() throws {
    let call = try CLibrary.call(
      "mixed", "f64",
      """
      [{"bind": -1, "as": "i8"}, {"bind": 2, "as": "f64"}, {"bind": 3, "as": "u16"}, {"bind": 4, "as": "f32"},
       {"bind": 5, "as": "i64"}, {"bind": true, "as": "bool"}]
      """)
    call()
    #expect(call.result == 154319)
  }

  @Test func `rows are converted where the function takes another type`() throws {
    let values: [Float] = [0.25, -1, 3]
    for (symbol, type) in [("sum_f32", "*f32"), ("sum_f64", "*const f64")] {
      let call = try CLibrary.call(
        symbol, "f64",
        "[{\"bind\": \"prediction\", \"as\": \"\(type)\"}, {\"bind\": \"count\", \"as\": \"usize\"}]")
      // More rows, then fewer: scratch memory is used again.
      for count in [2, 3, 1] {
        try values.withUnsafeBytes {
          try call.bind(.prediction, to: ForeignArray(try #require($0.baseAddress), .f32, count: count))
          try call.set(.count, to: count)
          call()
        }
        #expect(call.result == Double(values[..<count].reduce(0, +)))
      }
    }
  }

  @Test func `rows of the function's own type and of another may come in turns`() throws {
    let (singles, doubles): ([Float], [Double]) = ([1, 2, 4], [8, 16, 32])
    let call = try CLibrary.call(
      "sum_f64", "f64", #"[{"bind": "prediction", "as": "*const f64"}, {"bind": 3, "as": "usize"}]"#)
    for _ in 0..<2 {
      try doubles.withUnsafeBytes {
        try call.bind(.prediction, to: ForeignArray(try #require($0.baseAddress), .f64, count: 3))
        call()
      }
      #expect(call.result == 56)
      try singles.withUnsafeBytes {
        try call.bind(.prediction, to: ForeignArray(try #require($0.baseAddress), .f32, count: 3))
        call()
      }
      #expect(call.result == 7)
    }
    let whole: [Int64] = [1, 2, 3]
    try whole.withUnsafeBytes { bytes in
      let array = ForeignArray(try #require(bytes.baseAddress), .i64, count: 3)
      #expect(throws: ForeignError.self) { try call.bind(.prediction, to: array) }
    }
  }

  @Test(arguments: [("sum_u8", "u8"), ("sum_i64", "i64"), ("sum_f64", "f64"), ("sum_f32", "f32")])
  func `class numbers become any type that holds them`(symbol: String, type: String) throws {
    let classes: [Int32] = [0, 9, 2]
    let call = try CLibrary.call(
      symbol, type.hasPrefix("f") ? "f64" : "i64",
      "[{\"bind\": \"target\", \"as\": \"*\(type)\"}, {\"bind\": 3, \"as\": \"usize\"}]")
    try classes.withUnsafeBytes { bytes in
      try call.bind(.target, to: ForeignArray(try #require(bytes.baseAddress), .i32, count: 3))
      call()
    }
    #expect(call.result == 11)
  }

  @Test func `rows passed without const are a copy that the function may write`() throws {
    let call = try CLibrary.call(
      "spoil_f32", "f64",
      #"[{"bind": "prediction", "as": "*f32"}, {"bind": "count", "as": "usize"}]"#)
    let values: [Float] = [1, 2, 4]
    try values.withUnsafeBytes { bytes in
      for _ in 0..<2 {
        try call.bind(.prediction, to: ForeignArray(try #require(bytes.baseAddress), .f32, count: 3))
        try call.set(.count, to: 3)
        call()
        #expect(call.result == 7)
      }
    }
    #expect(values == [1, 2, 4])
    let weights = try CLibrary.call(
      "spoil_f32", "f64", #"[{"bind": "weight", "as": "*f32"}, {"bind": 3, "as": "usize"}]"#)
    for _ in 0..<2 {
      weights.bindOnes(.weight, count: 3)
      weights()
      #expect(weights.result == 3)
    }
  }

  @Test func `constants are the same in every call, whatever the function writes`() throws {
    let list = try CLibrary.call(
      "spoil_f32", "f64", #"[{"value": [1, 2.5], "as": "*f32"}, {"bind": 2, "as": "usize"}]"#)
    let text = try CLibrary.call("spoil_text", "i64", #"[{"value": "a", "as": "*i8"}]"#)
    for _ in 0..<2 {
      list()
      text()
      #expect(list.result == 3.5 && text.result == 97)
    }
  }

  @Test func `integers in a list keep all digits`() throws {
    let call = try CLibrary.call(
      "second_i64", "i64", #"[{"value": [1, 9007199254740993], "as": "*const i64"}]"#)
    call()
    #expect(call.result == 1)
  }

  @Test func `a library may have a function of its own under a name of libc's`() throws {
    let call = try CLibrary.call("error", "f64", #"[{"bind": 0.5, "as": "f64"}]"#)
    call()
    #expect(call.result == 0.5)
  }

  @Test func `rows without weights weigh one`() throws {
    let call = try CLibrary.call(
      "sum_f64", "f64", #"[{"bind": "weight", "as": "*f64"}, {"bind": "count", "as": "usize"}]"#)
    for count in [3, 7, 2] {
      call.bindOnes(.weight, count: count)
      try call.set(.count, to: count)
      call()
      #expect(call.result == Double(count))
    }
  }

  @Test func `out-parameters give values of their own, and NaN where nothing is written`() throws {
    let call = try CLibrary.call(
      "extremes", "void",
      """
      [{"value": [3, -2, 5], "as": "*f32"}, {"value": 3, "as": "usize"}, {"out": "low", "as": "*f32"},
       {"out": "high", "as": "*f64", "direction": "max"}, {"out": "unused", "as": "*f64"}]
      """)
    call()
    #expect(call.outputNames == ["low", "high", "unused"])
    #expect(call.result == nil && call.output(0) == -2 && call.output(1) == 5)
    #expect(call.output(2)?.isNaN == true)
    #expect(call.function.signature.outputs.map(\.direction) == [.none, .max, .none])
  }

  @Test func `a context stays from call to call, and a reset clears it`() throws {
    let call = try CLibrary.call("count_calls", "i32", #"[{"context": 4, "as": "*i32"}]"#)
    call()
    call()
    #expect(call.result == 2)
    let saved = call.contextBytes
    call.reset()
    call()
    #expect(call.result == 1)
    call.contextBytes = saved
    call()
    #expect(call.result == 3)
  }

  @Test func `a text is passed with its end`() throws {
    let call = try CLibrary.call("length", "usize", #"[{"value": "größe", "as": "*i8"}]"#)
    call()
    #expect(call.result == 7)
  }

  @Test func `the C side reads elements through a callback`() throws {
    let call = try CLibrary.call(
      "by_element", "f64",
      """
      [{"callback": {"args": ["usize", "*void"], "returns": "f64", "reads": "prediction"}},
       {"bind": "count", "as": "usize"}, {"context": 8, "as": "*void"}]
      """)
    let values: [Float] = [1, 2, 3]
    try values.withUnsafeBytes { bytes in
      try call.bind(.prediction, to: ForeignArray(try #require(bytes.baseAddress), .f32, count: 3))
      try call.set(.count, to: 3)
      call()
      #expect(call.result == 123)
      try call.set(.count, to: 4)
      call()
      #expect(call.result?.isNaN == true, "past the end there is no number")
    }
  }

  @Test func `the C side publishes through a callback, and the last value stands`() throws {
    let args =
      #"[{"callback": {"args": ["f32"], "returns": "i32", "publishes": "progress"}}, {"bind": N, "as": "i32"}]"#
    let three = try CLibrary.call("report", "void", args.replacing("N", with: "3"))
    three()
    #expect(three.output(0) == 3)
    let none = try CLibrary.call("report", "void", args.replacing("N", with: "0"))
    none()
    #expect(none.output(0) == nil)
  }

  @Test func `a number that its type cannot hold is refused at the call`() throws {
    let call = try CLibrary.call("echo_i8", "i8", #"[{"bind": "count", "as": "i8"}]"#)
    try call.set(.count, to: 127)
    #expect(throws: ForeignError.self) { try call.set(.count, to: 128) }
    call()
    #expect(call.result == 127, "what was there before stays")
  }

  @Test func `functions of libm and BLAS are called as their headers say`() throws {
    let hypot = try ForeignCall(
      ForeignFunction(
        ForeignSignature(
          library: "libm.so.6", symbol: "hypot", returns: .scalar(.f64),
          arguments: [
            ForeignArgument(.scalar(.f64), .metric("loss")),
            ForeignArgument(.scalar(.f64), .metric("val_loss")),
          ])))
    hypot.set(metric: "loss", to: 3)
    hypot.set(metric: "val_loss", to: 4)
    hypot()
    #expect(hypot.result == 5)
    let dot = try ForeignCall(
      ForeignFunction(
        ForeignSignature(
          library: "libopenblas.so.0", symbol: "cblas_ddot", returns: .scalar(.f64),
          arguments: [
            ForeignArgument(.scalar(.i32), .constant(.int(2))),
            ForeignArgument(.pointer(.f64, isConst: true), .constant(.list([2, 3]))),
            ForeignArgument(.scalar(.i32), .constant(.int(1))),
            ForeignArgument(.pointer(.f64, isConst: true), .constant(.list([5, 7]))),
            ForeignArgument(.scalar(.i32), .constant(.int(1))),
          ])))
    dot()
    #expect(dot.result == 31)
  }
}
