import Support
import Testing

@testable import PluginHost

/// Messages of a helper are those of a stranger: nothing in them makes the host trap.
@Suite struct WireTests {
  private static let state: SavedState = [
    "i": .int(-3), "f": .float(.nan), "b": .bytes([1, 2, 3]),
    "t": .tensor(dtypeCode: 2, dtypeBits: 32, shape: [1, 2], bytes: [0, 0, 0, 1, 0, 0, 0, 2]),
  ]

  private static func component() throws -> ComponentDescription {
    try #require(PluginLibrary.open(try builtLibrary("early-stopping")).components.first)
  }

  private static func message(_ fill: (inout WireWriter) throws -> Void) rethrows -> [UInt8] {
    var writer = WireWriter()
    try fill(&writer)
    return writer.bytes
  }

  @Test func `what is written is read back`() throws {
    let options: [String: OptionValue] = [
      "a": .bool(true), "b": .list([.int(1), .float(2.5), .text("ü")]), "c": .text(""),
    ]
    var reader = WireReader(
      try Self.message {
        $0.put(options)
        $0.put(Self.state)
        $0.put(try Self.component())
        $0.put(nil as String?)
      })
    #expect(try reader.options() == options)
    let state = try reader.state()
    #expect(state.keys == Self.state.keys && state["t"] == Self.state["t"] && state["i"] == .int(-3))
    let (read, own) = (try reader.component(), try Self.component())
    #expect(read.isElsewhere && !own.isElsewhere)
    #expect(read.id == own.id && read.options == own.options && read.hooks == own.hooks)
    #expect(try reader.optionalText() == nil && reader.isAtEnd)
  }

  @Test func `a cut or changed message is a fault or other values, never a trap`() throws {
    let weight = Self.message { writer in
      writer.put("w")
      writer.put(true)
      writer.put(UInt8(2))
      writer.put(UInt8(32))
      writer.put(list: [Int64(2)]) { $0.put($1) }
      writer.put([UInt8](repeating: 7, count: 8))
    }
    let effects = Self.message { writer in
      writer.put(UInt32(5))
      writer.put(EffectCode.publish.rawValue)
      writer.put(UInt32(0))
      writer.put(1.5)
      writer.put(EffectCode.list.rawValue)
      writer.put("l")
      writer.put(list: [1.0, 2.0]) { $0.put($1) }
      writer.put(EffectCode.assign.rawValue)
      writer.put(UInt32(1))
      writer.append(weight)
      writer.put(EffectCode.slotBlend.rawValue)
      writer.put(UInt8(3))
      writer.put(0.5)
      writer.put(0.5)
      writer.put(EffectCode.fileAppend.rawValue)
      writer.put("f")
      writer.put([UInt8](repeating: 1, count: 9))
    }
    let messages: [([UInt8], (inout WireReader) throws -> Void)] = [
      (Self.message { $0.put(Self.state) }, { _ = try $0.state() }),
      (try Self.message { $0.put(try Self.component()) }, { _ = try $0.component() }),
      (effects, { _ = try $0.effects(of: .hook) { $0 == 0 } }),
      (effects, { _ = try $0.effects(of: .compute) { $0 == 0 } }),
      (
        Self.message { $0.put(FieldDescription(name: "x", role: .feature, type: .float32, shape: [2, 3])) },
        { _ = try $0.field() }
      ),
    ]
    var random = SystemRandomNumberGenerator()
    for (bytes, read) in messages {
      var whole = WireReader(bytes)
      if bytes != effects { try read(&whole) }
      for length in 0..<bytes.count {
        var reader = WireReader(Array(bytes[..<length]))
        #expect(throws: WireFault.self) { try read(&reader) }
      }
      for _ in 0..<3000 {
        var changed = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          changed[Int.random(in: 0..<bytes.count, using: &random)] =
            [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &random) ?? 0
        }
        var reader = WireReader(changed)
        try? read(&reader)
      }
    }
  }

  @Test func `effects that a call cannot have are a fault`() {
    let stop = Self.message { writer in
      writer.put(UInt32(1))
      writer.put(EffectCode.stop.rawValue)
      writer.put("now")
    }
    var hook = WireReader(stop)
    #expect(throws: Never.self) { try hook.effects(of: .hook) { _ in true } }
    var compute = WireReader(stop)
    #expect(throws: WireFault.self) { try compute.effects(of: .compute) { _ in true } }
    var undeclared = WireReader(
      Self.message { writer in
        writer.put(UInt32(1))
        writer.put(EffectCode.publish.rawValue)
        writer.put(UInt32(7))
        writer.put(0.5)
      })
    #expect(throws: WireFault.self) { try undeclared.effects(of: .hook) { _ in false } }
  }

  @Test func `a field that no dataset in this process can have is a fault`() throws {
    typealias Field = FieldDescription
    func read(_ field: Field) throws -> Field {
      var reader = WireReader(Self.message { $0.put(field) })
      return try reader.field()
    }
    let good = Field(
      name: "y", role: .target, type: .int32, shape: [], categoryCount: 2, categories: ["no", "yes"])
    #expect(try read(good) == good)
    for bad in [
      Field(name: "", role: .feature, type: .float32),
      Field(name: "x", role: .feature, type: .float32, shape: [0]),
      Field(name: "x", role: .feature, type: .float32, shape: [1 << 20, 1 << 20]),
      Field(name: "x", role: .feature, type: .float32, categoryCount: 2),
      Field(name: "x", role: .feature, type: .int32, categoryCount: 3, categories: ["no", "yes"]),
      Field(name: "x", role: .feature, type: .int32, categoryCount: 0, categories: ["no"]),
    ] {
      #expect(throws: WireFault.self, "\(bad)") { try read(bad) }
    }
  }

  @Test func `a component that no library can have is a fault`() throws {
    func read(_ id: String, version: String = "1", _ options: [OptionRow] = [], hooks: [String] = []) throws {
      let component = ComponentDescription(
        kind: .callback, id: id, version: version, summary: "", options: options,
        library: LibraryFacts(path: "/libx.so", abi: "0.1"), hooks: hooks, slots: [], flags: 0)
      let answer = Self.message { writer in
        writer.put(UInt32(0))
        writer.put(true)
        writer.put(list: [component]) { $0.put($1) }
      }
      _ = try LibraryProbe.components(answer: WireReader(answer), nil).get()
    }
    try read(
      "it", [OptionRow(key: "a", type: .int, defaultText: "3", range: "[0, 9]")], hooks: [hookNames[0]])
    #expect(throws: WireFault.self) { try read("../it") }
    #expect(throws: WireFault.self) { try read("it", version: "") }
    #expect(throws: WireFault.self) { try read("it", hooks: ["on_nothing"]) }
    let rows = [
      OptionRow(key: "a b", type: .int), OptionRow(key: "a", type: .int, defaultText: "x"),
      OptionRow(key: "a", type: .choice), OptionRow(key: "a", type: .int, range: "[1"),
    ]
    for row in rows { #expect(throws: WireFault.self, "\(row)") { try read("it", [row]) } }
    let twice = OptionRow(key: "a", type: .int)
    #expect(throws: WireFault.self) { try read("it", [twice, twice]) }
  }
}
