import Glibc
import Testing

@testable import Training

@Suite struct DataLoaderTests {
  static func loader(
    _ source: any DataSource, batchSize: Int? = 4, shuffle: Bool = true, seed: UInt64 = 3,
    mode: BatchLoader.Mode = .inline
  ) throws -> BatchLoader {
    let plan = try TargetPlan.infer(source: source)
    let fitted = try FittedPreprocessing.fit(Preprocessing(scale: 2), source: source, rows: [], target: plan)
    let assembler = try BatchAssembler(source: source, preprocessing: fitted, readsTarget: plan != nil)
    return try BatchLoader(
      assembler: assembler, rows: source.allRows, batchSize: batchSize, shuffle: shuffle, seed: seed,
      mode: mode,
      pass: .train)
  }

  static func columns(_ rows: Int) -> [MemorySource.Column] {
    [
      .rowNumbers(rows), .bytes("image", (0..<rows * 3).map { UInt8($0 % 251) }, shape: [3]),
      .bytes("y", (0..<rows).map { UInt8($0 % 7) }, role: .target),
      .doubles("w", (0..<rows).map { Double($0 % 3) }, role: .weight),
    ]
  }

  static let sizes: [(rows: Int, batchSize: Int)] = [
    (1, 1), (1, 8), (10, 3), (64, 16), (101, 7), (999, 2), (500, 499),
  ]

  @Test(arguments: sizes)
  func `a thread of its own changes nothing in what is delivered`(rows: Int, batchSize: Int) throws {
    let inline = try Self.loader(MemorySource(Self.columns(rows)), batchSize: batchSize)
    let ahead = try Self.loader(MemorySource(Self.columns(rows)), batchSize: batchSize, mode: .prefetch)
    let stream = try StreamingSource(Self.columns(rows))
    let streaming = try Self.loader(stream, batchSize: batchSize, mode: .prefetch)
    #expect(!inline.usesThread && ahead.usesThread)
    for epoch in 0..<4 {
      let expected = try inline.contents(epoch: epoch)
      #expect(expected.count == inline.batchCount)
      #expect(expected.reduce(0) { $0 + $1.rows } == rows)
      #expect(try ahead.contents(epoch: epoch) == expected)
      #expect(try streaming.contents(epoch: epoch) == expected)
    }
    #expect(stream.overlaps == 0)
    #expect(stream.epochs == [0, 1, 2, 3])
  }

  @Test func `every row comes once, in an order that seed and epoch decide`() throws {
    let source = try MemorySource([.rowNumbers(20)])
    func order(seed: UInt64, epoch: Int) throws -> [Float] {
      try Self.loader(source, seed: seed).contents(epoch: epoch).flatMap(\.features).map { $0 * 2 }
    }
    let first = try order(seed: 3, epoch: 0)
    #expect(first.sorted() == (0..<20).map { Float($0) })
    #expect(try order(seed: 3, epoch: 0) == first)
    #expect(try order(seed: 3, epoch: 1) != first)
    #expect(try order(seed: 4, epoch: 0) != first)

    var rows = source.allRows
    var stream = RandomStream(seed: 3, name: "shuffle", number: 5)
    stream.shuffle(&rows)
    #expect(try order(seed: 3, epoch: 5) == rows.map { Float($0) })
  }

  @Test func `the order of an epoch does not hang on the epochs before`() throws {
    let source = try MemorySource([.rowNumbers(20)])
    let loader = try Self.loader(source)
    for epoch in 0..<3 { _ = try loader.contents(epoch: epoch) }
    #expect(try loader.contents(epoch: 3) == Self.loader(source).contents(epoch: 3))
  }

  @Test func `without shuffling rows come as they are given`() throws {
    let loader = try Self.loader(MemorySource([.rowNumbers(6)]), shuffle: false)
    #expect(try loader.contents(epoch: 1).map(\.features) == [[0, 0.5, 1, 1.5], [2, 2.5]])
  }

  @Test(arguments: [BatchLoader.Mode.inline, .prefetch])
  func `a start in the middle of an epoch gives the rest of it`(mode: BatchLoader.Mode) throws {
    let source = try MemorySource(Self.columns(45))
    let all = try Self.loader(source).contents(epoch: 2)
    for start in 0...all.count {
      let loader = try Self.loader(source, mode: mode)
      #expect(try loader.contents(epoch: 2, startBatch: start) == Array(all.dropFirst(start)))
    }
    let error = dataError { try Self.loader(source, mode: mode).begin(epoch: 0, startBatch: 13) }
    #expect(error?.message == "no batch 13 to start at: an epoch has 12")
  }

  @Test(arguments: [0, 1, 2, 9, 40])
  func `an epoch that is left early hangs nowhere`(taken: Int) throws {
    let source = try StreamingSource(Self.columns(300))
    let expected = try Self.loader(MemorySource(Self.columns(300))).contents(epoch: 1)
    var loader: BatchLoader? = try Self.loader(source, mode: .prefetch)
    for _ in 0..<3 {
      try loader?.begin(epoch: 0)
      for _ in 0..<taken { _ = try loader?.next() }
      loader?.end()
      let reads = source.reads
      #expect(try loader?.next() == nil)
      #expect(source.reads == reads, "nothing is read after the end")
      #expect(try loader?.contents(epoch: 1) == expected)
    }
    try loader?.begin(epoch: 0)
    for _ in 0..<taken { _ = try loader?.next() }
    loader = nil
    #expect(source.overlaps == 0)
  }

  @Test func `a loader that was never started goes away`() throws {
    for _ in 0..<20 { _ = try Self.loader(MemorySource(Self.columns(9)), mode: .prefetch) }
  }

  @Test(arguments: [BatchLoader.Mode.inline, .prefetch])
  func `what a source has to say comes with its own batch, and the loader lives on`(mode: BatchLoader.Mode)
    throws
  {
    let source = try StreamingSource(Self.columns(40))
    let loader = try Self.loader(source, shuffle: false, mode: mode)
    source.failingRow = 22
    for _ in 0..<2 {
      try loader.begin(epoch: 0)
      for _ in 0..<5 { #expect(try loader.next() != nil) }
      #expect(dataError { _ = try loader.next() }?.message == "row 22 cannot be read")
      #expect(try loader.next() == nil, "the epoch is over")
    }
    source.failingRow = nil
    #expect(try loader.contents(epoch: 0).count == 10)
  }

  @Test func `a batch stays as it is until the next is asked for`() throws {
    let loader = try Self.loader(MemorySource(Self.columns(400)), mode: .prefetch)
    let expected = try Self.loader(MemorySource(Self.columns(400))).contents(epoch: 0)
    try loader.begin(epoch: 0)
    var index = 0
    while let batch = try loader.next() {
      // Time for the loader to run as far ahead as it ever will.
      if index % 20 == 0 { sleepShortly() }
      #expect(Contents(batch) == expected[index])
      index += 1
    }
    #expect(index == expected.count)
  }

  @Test func `a full batch is read once, in order, and keeps its number`() throws {
    let source = try StreamingSource(Self.columns(30))
    let loader = try Self.loader(source, batchSize: nil, mode: .prefetch)
    #expect(loader.batchCount == 1)
    #expect(!loader.usesThread)
    var numbers: Set<UInt64> = []
    for epoch in 0..<3 {
      try loader.begin(epoch: epoch)
      let batch = try #require(try loader.next())
      #expect(batch.features.floats[4] == 0.5, "row 1 after row 0")
      numbers.insert(batch.dataID)
      #expect(try loader.next() == nil)
    }
    #expect(source.reads == 1)
    #expect(numbers.count == 1 && !numbers.contains(0))
    let other = try Self.loader(source, batchSize: nil)
    try other.begin(epoch: 0)
    #expect(try other.next().map { numbers.contains($0.dataID) } == false)
  }

  @Test func `small batches of what is in memory are not worth a thread`() throws {
    let small = try MemorySource(Self.columns(100))
    #expect(try !Self.loader(small, batchSize: 10, mode: .automatic).usesThread)
    let large = Array(repeating: UInt8(1), count: 6 * 100_000)
    let source = try MemorySource([.bytes("x", large, shape: [100_000])])
    #expect(try Self.loader(source, batchSize: 2, mode: .automatic).usesThread == false, "0.8 MB in memory")
    #expect(try Self.loader(source, batchSize: 3, mode: .automatic).usesThread, "1.2 MB in memory")
    #expect(
      try !Self.loader(source, batchSize: 6, mode: .automatic).usesThread, "one batch has none to follow it")
    let stream = try StreamingSource([.bytes("x", large, shape: [100_000])])
    #expect(try Self.loader(stream, batchSize: 2, mode: .automatic).usesThread, "0.8 MB to be read")
  }

  @Test func `rows and sizes that cannot be are refused`() throws {
    let source = try MemorySource(Self.columns(5))
    let plan = try TargetPlan.infer(source: source)
    let fitted = try FittedPreprocessing.fit(Preprocessing(), source: source, rows: [], target: plan)
    let assembler = try BatchAssembler(source: source, preprocessing: fitted)
    func code(_ rows: [Int64], _ size: Int) -> DataError.Code? {
      dataError {
        _ = try BatchLoader(
          assembler: assembler, rows: rows, batchSize: size, shuffle: false, seed: 0, pass: .train)
      }?.code
    }
    #expect(code([], 1) == .noRows)
    #expect(code([5], 1) == .rowOutOfRange)
    #expect(code([-1], 1) == .rowOutOfRange)
    #expect(code([0], 0) == .badSetting)
    #expect(code([0], 99) == nil, "a batch larger than the data is one of all rows")
  }
}

/// Half a millisecond; a test that uses it passes however long it takes.
private func sleepShortly() { usleep(500) }
