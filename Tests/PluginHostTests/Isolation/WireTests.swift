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
}
