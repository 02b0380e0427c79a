import Support
import Testing
import Training

@testable import Trainyard

@Suite struct SafeTensorsTests {
  private func file(_ header: String, _ data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
    let bytes = Array(header.utf8)
    return withUnsafeBytes(of: (length ?? UInt64(bytes.count)).littleEndian) { Array($0) } + bytes + data
  }

  private func entry(_ type: String, _ shape: String, _ from: Int, _ to: Int) -> String {
    "{\"dtype\": \"\(type)\", \"shape\": \(shape), \"data_offsets\": [\(from), \(to)]}"
  }

  @Test func `what is written is read back`() throws {
    let folder = try TemporaryFolder()
    let types: [Training.ElementType] = [.uint8, .int32, .int64, .float32, .float64]
    var tensors = types.enumerated().map { index, type in
      let tensor = Tensor(zeros: type, shape: [2, index + 1])
      for byte in tensor.bytes.indices { tensor.bytes[byte] = UInt8(truncatingIfNeeded: 31 * byte + index) }
      return NamedTensor(name: "layer \"\(index)\"/é", tensor: tensor)
    }
    tensors.append(NamedTensor(name: "empty", tensor: Tensor(zeros: .float32, shape: [0, 3])))
    tensors.append(NamedTensor(name: "scalar", tensor: Tensor(zeros: .float64, shape: [])))
    try SafeTensors.write(tensors, metadata: [("format", "trainyard")], to: folder("w"))
    let read = try SafeTensors.read(folder("w"))
    #expect(read.metadata == ["format": "trainyard"] && read.tensors.count == tensors.count)
    for (own, other) in zip(tensors, read.tensors) {
      #expect(own.name == other.name && own.tensor.type == other.tensor.type)
      #expect(own.tensor.shape == other.tensor.shape && own.tensor.bytes.elementsEqual(other.tensor.bytes))
    }
    let bytes = try readFile(folder("w"))
    #expect((8 + Int(bytes[0]) + Int(bytes[1]) << 8) % 8 == 0, "the data can be mapped")
  }

  @Test func `every file that is cut short is refused`() throws {
    let whole = file("{\"w\": \(entry("F32", "[2]", 0, 8))}", Array(repeating: 1, count: 8))
    #expect(try SafeTensors.parse(whole, path: "w").tensors.count == 1)
    for count in whole.indices {
      #expect(throws: SafeTensorsError.self) { try SafeTensors.parse(Array(whole[..<count]), path: "w") }
    }
    #expect(throws: SafeTensorsError.self) { try SafeTensors.parse(whole + [0], path: "w") }
  }

  @Test func `malformed headers are refused`() {
    let eight = [UInt8](repeating: 0, count: 8)
    let deep = String(repeating: "[", count: 100_000)
    let rows: [(bytes: [UInt8], why: String)] = [
      ([], "no length"),
      (file("{}", length: .max), "a huge length"),
      (file("{}", length: 100_000_001), "a length above the limit"),
      (file("{}", length: 3), "a length past the end"),
      (file(""), "no header"),
      (file("[]"), "a list"),
      (file("{\"w\": 3}"), "a number for an entry"),
      (file("{"), "broken JSON"),
      (file(deep), "deep JSON"),
      (file("{\"w\": \(deep)}"), "a deep entry"),
      (Array([2, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0xFF]), "not UTF-8"),
      (file("{\"__metadata__\": []}"), "metadata that is a list"),
      (file("{\"w\": \(entry("F16", "[4]", 0, 8))}", eight), "a type that is not known"),
      (file("{\"w\": \(entry("F32", "[3]", 0, 8))}", eight), "a shape of more bytes"),
      (file("{\"w\": \(entry("F32", "[1]", 0, 8))}", eight), "a shape of fewer bytes"),
      (file("{\"w\": \(entry("F32", "[-2]", 0, 8))}", eight), "a negative size"),
      (file("{\"w\": \(entry("F32", "[2.0]", 0, 8))}", eight), "a size that is a fraction"),
      (file("{\"w\": \(entry("F32", "[9223372036854775807, 2]", 0, 8))}", eight), "a product that overflows"),
      (file("{\"w\": \(entry("F64", "[2305843009213693953]", 0, 8))}", eight), "bytes that overflow"),
      (file("{\"w\": \(entry("F32", "[99999999999999999999]", 0, 8))}", eight), "a size past 64 bits"),
      (file("{\"w\": \(entry("F32", "[2]", 8, 0))}", eight), "offsets the wrong way"),
      (file("{\"w\": \(entry("F32", "[2]", -8, 0))}", eight), "a negative offset"),
      (file("{\"w\": \(entry("F32", "[2]", 4, 12))}", eight), "a range past the end"),
      (file("{\"w\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [0]}}", eight), "one offset"),
      (file("{\"w\": {\"shape\": [2], \"data_offsets\": [0, 8]}}", eight), "no type"),
      (
        file("{\"a\": \(entry("F32", "[2]", 0, 8)), \"b\": \(entry("F32", "[1]", 4, 8))}", eight),
        "tensors that overlap"
      ),
      (file("{\"a\": \(entry("F32", "[1]", 4, 8))}", eight), "bytes of nobody"),
      (
        file("{\"a\": \(entry("F32", "[1]", 0, 4)), \"a\": \(entry("F32", "[1]", 4, 8))}", eight),
        "one name twice"
      ),
    ]
    for row in rows {
      #expect(throws: SafeTensorsError.self, "\(row.why)") { try SafeTensors.parse(row.bytes, path: "w") }
    }
  }
}
