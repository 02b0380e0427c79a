import CTrainyard
import Support
import Testing

/// Files of three images of 2 × 2, and their labels.
@Suite struct IDXTests {
  let folder: ScratchFolder
  let images: [UInt8] = [
    0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255,
  ]
  let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 1]

  init() throws { folder = try ScratchFolder() }

  private func probe(_ images: [UInt8], _ labels: [UInt8]? = nil, _ more: [String: [String]] = [:]) throws
    -> DatasetProbe
  {
    var options = more
    options["images"] = [try folder.write("images", images)]
    if let labels { options["labels"] = [try folder.write("labels", labels)] }
    return try DatasetProbe("idx", options)
  }

  private func refusal(_ images: [UInt8], _ labels: [UInt8]? = nil, _ more: [String: [String]] = [:]) throws
    -> String
  {
    var options = more
    options["images"] = [try folder.write("images", images)]
    if let labels { options["labels"] = [try folder.write("labels", labels)] }
    return PluginTests.refusal(of: "idx", options)
  }

  // MARK: What it delivers

  @Test func `images and labels with their shapes`() throws {
    let data = try probe(images, labels)
    #expect(data.rowCount == 3)
    #expect(
      data.fields == [
        .init(name: "image", role: TY_ROLE_FEATURE, type: "u8", shape: [2, 2]),
        .init(name: "label", role: TY_ROLE_TARGET, type: "i32", categoryCount: 3),
      ])
    let image = try #require(try data.whole("image"))
    #expect(image.shape == [3, 2, 2])
    #expect(image.values == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255])
    #expect(try #require(try data.whole("label")).values == [2, 0, 1])
  }

  @Test func `no target without labels`() throws {
    #expect(try probe(images).fields.map(\.name) == ["image"])
  }

  @Test func `rows in any order and repeated`() throws {
    let data = try probe(images, labels)
    #expect(try data.read("image", rows: [2, 0, 2]) == [9, 10, 11, 255, 1, 2, 3, 4, 9, 10, 11, 255])
    #expect(try data.read("label", rows: [1, 1, 0]) == [0, 0, 2])
    #expect(try data.read("label", rows: []) == [])
  }

  @Test func `a row that is not there is refused`() throws {
    let data = try probe(images, labels)
    #expect(throws: ProbeFailure.self) { try data.read("image", rows: [3]) }
    #expect(throws: ProbeFailure.self) { try data.read("image", rows: [-1]) }
  }

  @Test func `reset keeps the data where they are`() throws {
    let data = try probe(images, labels)
    let before = try data.address("image")
    try data.reset()
    #expect(try data.address("image") == before)
    #expect(try data.read("image", rows: [0]) == [1, 2, 3, 4])
  }

  static let types: [(magic: [UInt8], values: [UInt8], type: String, numbers: [Double])] = [
    ([0, 0, 8, 1, 0, 0, 0, 2], [0, 255], "u8", [0, 255]),
    ([0, 0, 9, 1, 0, 0, 0, 2], [127, 128], "i32", [127, -128]),
    ([0, 0, 11, 1, 0, 0, 0, 2], [1, 2, 0xff, 0xfe], "i32", [258, -2]),
    ([0, 0, 12, 1, 0, 0, 0, 2], [0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff], "i32", [65536, -1]),
    ([0, 0, 13, 1, 0, 0, 0, 2], [0x3f, 0xc0, 0, 0, 0xc2, 0, 0, 0], "f32", [1.5, -32]),
    ([0, 0, 14, 1, 0, 0, 0, 1], [0x3f, 0xf8, 0, 0, 0, 0, 0, 0], "f64", [1.5]),
  ]

  @Test(arguments: types)
  func `big-endian values of every type`(
    magic: [UInt8], values: [UInt8], type: String, numbers: [Double]
  ) throws {
    for bytes in [magic + values, gzip(magic + values)] {
      let data = try probe(bytes)
      #expect(data.fields[0].type == type)
      #expect(try #require(try data.whole("image")).values == numbers)
    }
  }

  @Test func `shorts beyond one buffer`() throws {
    let count = 70_000
    let numbers = (0..<count).map { Double(Int16(truncatingIfNeeded: $0)) }
    let header: [UInt8] = [0, 0, 11, 1, 0, 1, 0x11, 0x70]
    let data = try probe(header + (0..<count).flatMap { [UInt8($0 >> 8 & 255), UInt8($0 & 255)] })
    #expect(try #require(try data.whole("image")).values == numbers)
  }

  @Test func `seven dimensions`() throws {
    let sizes: [UInt8] = [2, 1, 1, 2, 1, 1, 1].flatMap { [0, 0, 0, $0] }
    let data = try probe([0, 0, 8, 7] + sizes + [1, 2, 3, 4])
    #expect(data.fields[0].shape == [1, 1, 2, 1, 1, 1])
    #expect(try data.read("image", rows: [1]) == [3, 4])
  }

  @Test func `no rows are for the host to judge`() throws {
    let data = try probe([0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 4])
    #expect(data.rowCount == 0)
    #expect(data.fields[0].shape == [4])
  }

  // MARK: gzip

  @Test func `gzip and plain are equal`() throws {
    let plain = try #require(try probe(images, labels).whole("image"))
    let packed = try #require(try probe(gzip(images), gzip(labels)).whole("image"))
    #expect(plain == packed)
  }

  @Test func `several gzip members, and zeros after them`() throws {
    let bytes = gzip(Array(images[..<9])) + gzip(Array(images[9...])) + [0, 0, 0]
    #expect(try #require(try probe(bytes).whole("image")).values == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255])
  }

  @Test func `gzip data that are cut off`() throws {
    let packed = gzip(images)
    for count in [10, packed.count - 9, packed.count - 1] {
      expect(try refusal(Array(packed[..<count])), has: ["images' is truncated", "ends at byte \(count)"])
    }
  }

  @Test func `gzip data with a wrong checksum`() throws {
    var packed = gzip(images)
    packed[packed.count - 8] ^= 1
    expect(
      try refusal(packed),
      has: [
        "images' is corrupt: incorrect data check", "at byte \(packed.count - 4) of the gzip file", "gzip -t",
      ])
  }

  @Test func `gzip data that cannot be unpacked`() throws {
    var packed = gzip(images)
    packed[10] = 0xff  // a block of a type that does not exist
    expect(try refusal(packed), has: ["is corrupt: invalid block type, at byte 11 of the gzip file"])
  }

  @Test func `bytes after the gzip data`() throws {
    let packed = gzip(images)
    expect(
      try refusal(packed + [7]),
      has: ["is corrupt: other bytes follow the gzip data, at byte \(packed.count) of the gzip file"])
  }

  // MARK: Bad files

  @Test func `a file that does not exist`() {
    expect(
      PluginTests.refusal(of: "idx", ["images": ["/no/such/images"]]),
      has: ["cannot open '/no/such/images': No such file", "help: check the path"])
  }

  @Test func `a folder is not a file`() {
    expect(PluginTests.refusal(of: "idx", ["images": [folder.path]]), has: ["it is a folder"])
  }

  static let notIDX: [(bytes: [UInt8], words: [String])] = [
    ([], ["not an IDX file: it has 0 bytes"]),
    ([0, 0, 8], ["not an IDX file: it has 3 bytes"]),
    (
      [0x89, 0x50, 0x4e, 0x47, 0x0d],
      ["it begins with 89 50 4e 47", "00 00, its type (08, 09, 0b, 0c, 0d or 0e)"]
    ),
    ([0, 0, 0x0a, 1, 0, 0, 0, 0], ["begins with 00 00 0a 01"]),
    ([0, 0, 8, 0, 0, 0, 0, 0], ["begins with 00 00 08 00", "(01 to 07)"]),
    ([0, 0, 8, 8, 0, 0, 0, 0], ["begins with 00 00 08 08"]),
    ([0, 0, 8, 3, 0, 0, 0, 1], ["is truncated: it has 8 bytes", "3 dimensions has 16"]),
    ([0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 0], ["rows without values: its sizes are 1 × 0"]),
  ]

  @Test(arguments: notIDX)
  func `a header that is none`(bytes: [UInt8], words: [String]) throws {
    expect(try refusal(bytes), has: words)
    if !bytes.isEmpty { expect(try refusal(gzip(bytes)), has: words) }
  }

  @Test func `a file that is too short or too long`() throws {
    expect(
      try refusal(Array(images.dropLast())),
      has: ["wrong length: it has 27 bytes", "asks for 28 bytes (3 × 2 × 2 values of ubyte)"])
    expect(try refusal(images + [0]), has: ["wrong length: it has 29 bytes", "asks for 28 bytes"])
    expect(try refusal(gzip(Array(images.dropLast()))), has: ["it has 27 bytes", "asks for 28 bytes"])
    expect(try refusal(gzip(images + [0])), has: ["goes on after the 28 bytes that its header asks for"])
  }

  @Test func `a size that the file cannot hold is refused before memory is taken`() throws {
    let huge: [UInt8] = [0, 0, 8, 2, 0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 1]
    expect(try refusal(huge), has: ["it has 13 bytes", "asks for 4611686014132420621 bytes"])
    expect(try refusal(gzip(huge)), has: ["its gzip data cannot be that long"])
    let beyond: [UInt8] = [0, 0, 14, 3] + [UInt8](repeating: 0xff, count: 12)
    expect(try refusal(beyond), has: ["it has 16 bytes", "asks for more bytes than can be"])
    expect(try refusal(gzip(beyond)), has: ["its gzip data cannot be that long"])
  }

  @Test func `labels of another count`() throws {
    let four: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 2, 0]
    expect(try refusal(images, four), has: ["labels' has 4 labels", "images' has 3 rows"])
  }

  @Test func `images and labels that are swapped`() throws {
    expect(
      try refusal(labels, images), has: ["3 × 2 × 2 values of ubyte", "are `images` and `labels` swapped?"])
  }

  @Test func `labels that are not whole numbers`() throws {
    expect(
      try refusal(images, [0, 0, 13, 1, 0, 0, 0, 3] + [UInt8](repeating: 0, count: 12)),
      has: ["3 values of float", "one list of whole numbers"])
  }

  // MARK: Options

  @Test func `classes by number and by name`() throws {
    #expect(try probe(images, labels, ["classes": ["5"]]).fields[1].categoryCount == 5)
    let named = try probe(images, labels, ["class_names": ["shirt", "shoe", "bag"]]).fields[1]
    #expect(named.categories == ["shirt", "shoe", "bag"])
    #expect(named.categoryCount == 3)
    expect(
      try refusal(images, labels, ["classes": ["4"], "class_names": ["a", "b"]]),
      has: ["`class_names` has 2 names, and `classes` is 4"])
  }

  @Test func `a label outside the classes`() throws {
    expect(
      try refusal(images, labels, ["classes": ["2"]]),
      has: ["label 2 in row 0 of", "labels' is outside the classes, which are 0 to 1"])
    expect(
      try refusal(images, [0, 0, 9, 1, 0, 0, 0, 3, 0, 0xff, 1]),
      has: ["label -1 in row 1 of", "outside the classes: they count from 0"])
  }

  @Test func `only the first rows`() throws {
    for (images, labels) in [(images, labels), (gzip(images), gzip(labels))] {
      let data = try probe(images, labels, ["limit": ["2"]])
      #expect(data.rowCount == 2)
      #expect(try #require(try data.whole("image")).values == [1, 2, 3, 4, 5, 6, 7, 8])
      #expect(try probe(images, labels, ["limit": ["9"]]).rowCount == 3)
    }
  }
}
