import CTrainyard
import CZlib
import Support
import Testing

/// Arrays that NumPy wrote (the corpus), and such as are made here, byte by byte.
@Suite struct NumPyTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private static let corpus = packageFolder() + "/Tests/Data/corpus"

  /// - Parameter values: of the array, as they lie in the file.
  private func npy(
    _ type: String, _ shape: String, _ values: [UInt8], fortran: Bool = false, version: UInt8 = 1
  ) -> [UInt8] {
    let order = fortran ? "True" : "False"
    var header = Array("{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }".utf8)
    let prefix = version == 1 ? 10 : 12
    while (prefix + header.count + 1) % 64 != 0 { header.append(0x20) }
    header.append(0x0a)
    let length = [UInt8(header.count & 255), UInt8(header.count >> 8)] + (version == 1 ? [] : [0, 0])
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + header + values
  }

  private func bytes<Value: BitwiseCopyable>(_ values: [Value]) -> [UInt8] {
    values.withUnsafeBytes { Array($0) }
  }

  private func probe(
    _ features: [UInt8], _ more: [String: [UInt8]] = [:], _ options: [String: [String]] = [:]
  )
    throws -> DatasetProbe
  { try DatasetProbe("npy", try paths(features, more, options)) }

  private func refusal(
    _ features: [UInt8], _ more: [String: [UInt8]] = [:], _ options: [String: [String]] = [:]
  ) throws -> String { PluginTests.refusal(of: "npy", try paths(features, more, options)) }

  private func paths(
    _ features: [UInt8], _ more: [String: [UInt8]], _ options: [String: [String]]
  ) throws -> [String: [String]] {
    var options = options
    options["features"] = [try folder.write("features.npy", features)]
    for (name, bytes) in more { options[name] = [try folder.write(name + ".npy", bytes)] }
    return options
  }

  // MARK: Values

  static let written: [(file: String, type: String, shape: [Int], values: [Double])] = [
    ("f8", "f64", [3, 2], [0, 1, 2, 3, 4, 5]),
    ("fortran-i2-big", "i32", [3, 2, 2], (0..<12).map(Double.init)),
    ("u8-big", "i64", [2], [1, 1_099_511_627_776]),
    ("bool-v2", "u8", [3], [1, 0, 1]),
    ("v3", "u8", [4], [0, 1, 2, 3]),
  ]

  @Test(arguments: written)
  func `arrays as NumPy wrote them`(file: String, type: String, shape: [Int], values: [Double]) throws {
    let path = Self.corpus + "/npy/" + file
    let packed = try folder.write("packed.npy.gz", gzip(try readFile(path)))
    for (path, map) in [(path, "true"), (path, "false"), (packed, "true")] {
      let data = try DatasetProbe("npy", ["features": [path], "map": [map]])
      #expect(
        data.fields == [
          .init(name: "features", role: TY_ROLE_FEATURE, type: type, shape: Array(shape.dropFirst()))
        ])
      let whole = try #require(try data.whole("features"))
      #expect(whole.shape == shape)
      #expect(whole.values == values)
      let width = values.count / shape[0]
      #expect(try data.read("features", rows: [1, 0]) == Array(values[width..<2 * width] + values[..<width]))
    }
  }

  @Test func `half precision with its subnormal numbers`() throws {
    let data = try DatasetProbe("npy", ["features": [Self.corpus + "/npy/half"]])
    let values = try #require(try data.whole("features")).values
    #expect(values[0] == 1)
    #expect(values[1].isNaN)
    #expect(values[2] == -2.5)
    #expect(values[3] == 0x1p-24)
    // Every one of them, as the processor has it.
    let all = (0...UInt16.max).map { $0 }
    let every = try probe(npy("<f2", "(65536,)", bytes(all)))
    for (bits, value) in zip(all, try #require(try every.whole("features")).values) {
      let expected = Double(Float(exponentAndFraction(bits)))
      #expect(value.bitPattern == expected.bitPattern || value.isNaN && expected.isNaN, "\(bits)")
    }
  }

  /// By the definition of the format.
  private func exponentAndFraction(_ bits: UInt16) -> Double {
    let (exponent, fraction) = (Int(bits >> 10 & 31), Double(bits & 1023) / 1024)
    let size =
      switch exponent {
      case 31: fraction == 0 ? Double.infinity : .nan
      case 0: fraction * 0x1p-14
      default: Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction)
      }
    return bits >> 15 == 0 ? size : -size
  }

  static let types: [(type: String, values: [UInt8], memory: String, numbers: [Double])] = [
    ("|i1", [127, 128], "i32", [127, -128]), ("|u1", [127, 128], "u8", [127, 128]),
    ("<i2", [1, 0, 0xff, 0xff], "i32", [1, -1]), (">i2", [0, 1, 0xff, 0xfe], "i32", [1, -2]),
    ("<u2", [0xff, 0xff, 1, 0], "i32", [65535, 1]),
    ("=i4", [1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], "i32", [1, -1]),
    (">u4", [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1], "i64", [4_294_967_295, 1]),
    ("<f4", [0, 0, 0xc0, 0x3f, 0, 0, 0, 0x80], "f32", [1.5, 0]),
    (">f8", [0x3f, 0xf8] + [0, 0, 0, 0, 0, 0] + [0xc0, 0] + [0, 0, 0, 0, 0, 0], "f64", [1.5, -2]),
  ]

  @Test(arguments: types)
  func `types and orders of bytes`(type: String, values: [UInt8], memory: String, numbers: [Double]) throws {
    for version: UInt8 in 1...3 {
      let data = try probe(npy(type, "(2,)", values, version: version))
      #expect(data.fields[0].type == memory)
      #expect(try #require(try data.whole("features")).values == numbers)
    }
  }

  @Test func `a mapped array is not copied, also where its rows are many`() throws {
    let values = (0..<100_000).map(Float.init)
    let file = npy("<f4", "(25000, 4)", bytes(values))
    let data = try probe(file)
    #expect(try #require(try data.whole("features")).values == values.map(Double.init))
    // The values lie where the header ends, on a page of the file.
    let address = try #require(try data.address("features"))
    #expect(Int(bitPattern: address) % 4096 == (file.count - 400_000) % 4096)
    try data.reset()
    #expect(try data.address("features") == address)
  }

  @Test func `an array whose values begin at an odd place is copied`() throws {
    let header = Array("{'descr':'<f4','fortran_order':False,'shape':(1,)}\n".utf8)
    let file = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.count), 0] + header + bytes([Float(2.5)])
    #expect((file.count - 4) % 4 != 0)
    #expect(try #require(try probe(file).whole("features")).values == [2.5])
  }

  @Test func `the first index of a Fortran array runs fastest`() throws {
    let values = (0..<1200).map(Double.init)
    let data = try probe(npy("<f8", "(600, 2)", bytes(values), fortran: true))
    #expect(
      try #require(try data.whole("features")).values == (0..<600).flatMap { [Double($0), Double($0 + 600)] })
  }

  // MARK: Roles

  @Test func `target, weight, group and id`() throws {
    let x = npy("<f8", "(3, 1)", bytes([1.0, 2, 3]))
    let data = try probe(
      x,
      [
        "target": npy("<i8", "(3, 1)", bytes([2, 0, 1])),
        "weight": npy("<f4", "(3,)", bytes([Float(1), 2, 3])),
        "group": npy("<i4", "(3,)", bytes([Int32(7), 7, 8])),
        "id": npy("|S2", "(3,)", Array("a\0bcd\0".utf8)),
      ])
    #expect(
      data.fields.dropFirst() == [
        .init(name: "target", role: TY_ROLE_TARGET, type: "i32", categoryCount: 3),
        .init(name: "weight", role: TY_ROLE_WEIGHT, type: "f32"),
        .init(name: "group", role: TY_ROLE_GROUP, type: "i64"),
        .init(name: "id", role: TY_ROLE_ID, type: "i32", categoryCount: 3, categories: ["a", "bc", "d"]),
      ])
    #expect(try data.read("target", rows: [0, 1, 2]) == [2, 0, 1])
    #expect(try data.read("group", rows: [0, 1, 2]) == [7, 7, 8])
  }

  @Test func `texts are classes`() throws {
    let path = Self.corpus + "/npy/texts"
    let data = try probe(npy("<f8", "(3,)", bytes([1.0, 2, 3])), [:], ["target": [path]])
    #expect(data.fields[1].categories == ["cat", "dög"])
    #expect(try data.read("target", rows: [0, 1, 2]) == [0, 1, 0])
    #expect(
      try refusal(try readFile(path)).contains("holds texts (3 of <U3), and features are numbers"))
  }

  @Test func `a target is a number or a category`() throws {
    let x = npy("<f8", "(2,)", bytes([1.0, 2]))
    let whole = npy("|u1", "(2,)", [0, 3])
    #expect(try probe(x, ["target": whole]).fields[1].categoryCount == 4)
    #expect(try probe(x, ["target": whole], ["classes": ["9"]]).fields[1].categoryCount == 9)
    #expect(try probe(x, ["target": whole], ["target_type": ["number"]]).fields[1].type == "u8")
    let named = try probe(x, ["target": whole], ["class_names": ["a", "b", "c", "d"]]).fields[1]
    #expect(named.categories == ["a", "b", "c", "d"])
    #expect(try probe(x, ["target": npy("<f8", "(2,)", bytes([0.0, 1]))]).fields[1].type == "f64")
    let several = npy("<i4", "(2, 2)", bytes([Int32(1), 2, 3, 4]))
    #expect(try probe(x, ["target": several]).fields[1].shape == [2])
    expect(
      try refusal(x, ["target": several], ["target_type": ["category"]]),
      has: ["has 2 × 2 of <i4, and classes are one value for each row"])
    expect(
      try refusal(x, ["target": npy("|i1", "(2,)", [0, 255])]),
      has: ["has -1 in row 1, which is no class", "set `target_type: number`"])
    expect(try refusal(x, ["target": whole], ["classes": ["2"]]), has: ["has 3 in row 1", "0 to 1"])
    expect(
      try refusal(x, ["target": whole], ["classes": ["2"], "class_names": ["a"]]),
      has: ["`class_names` has 1 names, and `classes` is 2"])
    expect(
      try refusal(x, ["group": npy("<f8", "(2,)", bytes([0.5, 1]))]), has: ["a group is a whole number"])
    expect(
      try refusal(x, ["weight": npy("<f8", "(3,)", bytes([1.0, 1, 1]))]),
      has: ["weight.npy' has 3 rows, and", "features.npy' has 2"])
  }

  // MARK: Bad files

  @Test func `a file that does not exist`() {
    expect(
      PluginTests.refusal(of: "npy", ["features": ["/no/such.npy"]]),
      has: ["cannot open '/no/such.npy': No such file", "help: check the path"])
  }

  @Test func `headers that are none`() throws {
    let good = npy("<f8", "(2,)", bytes([1.0, 2]))
    var newer = good
    newer[6] = 4
    let damaged: [([UInt8], String)] = [
      ([], "is not an NPY file: it has 0 bytes"), (Array("PK\u{3}\u{4} and more".utf8), "is not an NPY file"),
      (newer, "has version 4.0 of the NPY format, and 1 to 3 can be read"),
      (Array(good.prefix(40)), "is truncated: its header has 118 bytes, and 30 follow"),
      (Array(good.dropLast()), "is truncated: it has 143 bytes, and its header asks for 128 + 16 (2 of <f8)"),
      (good + [0], "goes on after the 144 bytes that its header asks for"),
      (npy("<c8", "(1,)", bytes([1.0])), "holds values of type '<c8', which cannot be read"),
      (npy("|O", "(1,)", [1]), "Python objects need Python"),
      (npy("<f8", "()", bytes([1.0])), "has 0 dimensions"),
      (npy("<f8", "(1,1,1,1,1,1,1,1,1)", bytes([1.0])), "has 9 dimensions"),
      (npy("<f8", "(2, 0)", []), "has rows without values"),
      (npy("<f8", "(0, 4611686018427387904, 4)", []), "is more than can be"),
      (npy("<f8", "(4611686018427387904, 4)", []), "is more than can be"),
      (npy("<f8", "(1000000000,)", []), "is truncated"),
      (npy("<f8", "(-1,)", []), "is damaged: its header is not a dictionary"),
      (npy("<f8", "(1,)", []).map { $0 == UInt8(ascii: "}") ? 0 : $0 }, "is damaged"),
      (npy("<u8", "(1,)", [UInt8](repeating: 255, count: 8)), "holds 18446744073709551615"),
      (
        Array(npy("<f8", "(1,)", []).map { $0 == UInt8(ascii: "'") ? UInt8(ascii: "[") : $0 }),
        "is damaged"
      ),
    ]
    for (bytes, words) in damaged { expect(try refusal(bytes), has: [words]) }
    let structured = "[('a', '<f8'), ('b', '<i4')]"
    let header = Array("{'descr': \(structured), 'fortran_order': False, 'shape': (0,), }\n".utf8)
    expect(
      try refusal([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.count), 0] + header),
      has: ["is a structured array", "save each of its fields"])
  }

  // MARK: Archives

  private func archive(_ file: String, _ more: [String: [String]]) -> [String: [String]] {
    more.merging(["file": [Self.corpus + "/npz/" + file]]) { $1 }
  }

  @Test func `archives as NumPy wrote them`() throws {
    for map in ["true", "false"] {
      let stored = try DatasetProbe(
        "npz", archive("stored.npz", ["features": ["x"], "target": ["y"], "weight": ["w"], "map": [map]]))
      #expect(stored.fields.map(\.name) == ["features", "target", "weight"])
      #expect(try #require(try stored.whole("features")).values == [0, 1, 2, 3, 4, 5])
      #expect(stored.fields[1].categories == ["a", "b"])
      let packed = try DatasetProbe("npz", archive("deflated.npz", ["features": ["x"], "target": ["y.npy"]]))
      #expect(try #require(try packed.whole("features")).shape == [6, 3])
      #expect(try #require(try packed.whole("target")).values == [0, 1, 2, 0, 1, 2])
      let large = try DatasetProbe("npz", archive("large-sizes.npz", ["features": ["x"], "target": ["y"]]))
      #expect(try #require(try large.whole("features")).values == [0, 1, 2, 3])
    }
  }

  @Test func `sizes in 64 bits`() throws {
    let member = npy("<f8", "(2,)", bytes([1.5, 2.5]))
    let file = try folder.write("large.npz", zipFile([("x.npy", member)], isLarge: true))
    let data = try DatasetProbe("npz", ["file": [file], "features": ["x"]])
    #expect(try #require(try data.whole("features")).values == [1.5, 2.5])
  }

  @Test func `archives that are damaged`() throws {
    let member = npy("<f8", "(2,)", bytes([1.5, 2.5]))
    let good = zipFile([("x.npy", member)], isLarge: false)
    func words(_ bytes: [UInt8], _ array: String = "x") throws -> String {
      PluginTests.refusal(of: "npz", ["file": [try folder.write("a.npz", bytes)], "features": [array]])
    }
    expect(try words(good, "y"), has: ["has no array 'y'", "it has x"])
    expect(
      try words(Array(good.dropLast(4))), has: ["is not a whole ZIP file: it has no directory at its end"])
    expect(try words(member), has: ["is not a whole ZIP file"])
    var flipped = good
    flipped[35 + 140] ^= 1
    expect(try words(flipped), has: ["'x.npy' in", "is corrupt: its checksum is not the archive's"])
    let entry = 35 + member.count
    func changed(_ offset: Int, _ byte: UInt8) -> [UInt8] {
      var bytes = good
      bytes[entry + offset] = byte
      return bytes
    }
    expect(try words(changed(8, 1)), has: ["is encrypted"])
    expect(try words(changed(10, 12)), has: ["is compressed by method 12"])
    expect(try words(changed(0, 0)), has: ["is damaged: byte \(entry) is not an entry of its directory"])
    expect(try words(changed(24, 7)), has: ["has two sizes"])
    expect(try words(changed(42, 9)), has: ["no member begins at byte 9"])
    expect(try words(changed(23, 255)), has: ["lies outside of it"])
    expect(try words(changed(28, 200)), has: ["is damaged"])
    // Deflated, it says: but it is not.
    expect(try words(changed(10, 8)), has: ["'x.npy' in", "is corrupt"])
  }

  /// Members as they are, with 30 bytes and the name before each.
  private func zipFile(_ members: [(name: String, bytes: [UInt8])], isLarge: Bool) -> [UInt8] {
    func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (name, bytes) in members {
      let sum = little(Int(crc32(0, bytes, UInt32(bytes.count))), 4)
      let sizes = little(bytes.count, 4) + little(bytes.count, 4)
      let offset = file.count
      file += little(0x0403_4b50, 4) + little(20, 2) + little(0, 8) + sum + sizes + little(name.utf8.count, 2)
      file += little(0, 2) + Array(name.utf8) + bytes
      let extra =
        little(1, 2) + little(24, 2) + little(bytes.count, 8) + little(bytes.count, 8) + little(offset, 8)
      let none = little(0xffff_ffff, 4)
      directory += little(0x0201_4b50, 4) + little(20, 2) + little(20, 2) + little(0, 8) + sum
      directory += (isLarge ? none + none : sizes) + little(name.utf8.count, 2)
      directory += little(isLarge ? extra.count : 0, 2) + little(0, 10) + (isLarge ? none : little(offset, 4))
      directory += Array(name.utf8) + (isLarge ? extra : [])
    }
    let start = file.count
    file += directory
    if isLarge {
      let record = file.count
      file += little(0x0606_4b50, 4) + little(44, 8) + little(45, 2) + little(45, 2) + little(0, 8)
      file +=
        little(members.count, 8) + little(members.count, 8) + little(directory.count, 8) + little(start, 8)
      file += little(0x0706_4b50, 4) + little(0, 4) + little(record, 8) + little(1, 4)
    }
    let count = isLarge ? little(0xffff, 2) : little(members.count, 2)
    file += little(0x0605_4b50, 4) + little(0, 4) + count + count
    file +=
      isLarge
      ? little(0xffff_ffff, 4) + little(0xffff_ffff, 4) : little(directory.count, 4) + little(start, 4)
    return file + little(0, 2)
  }
}
