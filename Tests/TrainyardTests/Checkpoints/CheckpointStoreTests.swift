import Support
import Testing

@testable import Training
@testable import Trainyard

/// What a checkpoint holds reads back bit for bit, and nothing that was damaged is taken for one.
@Suite struct CheckpointStoreTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static let numbers: [Double] = [
    0.1, -0.0, 0, .infinity, -.infinity, .nan, -.nan, Double(bitPattern: 0x7ff8_0000_0000_1234),
    .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1e300, 3,
  ]

  private func contents(epochs: Int = 3) -> CheckpointContents {
    var contents = CheckpointContents()
    contents.config = ["train": ["epochs": 3, "rate": 0.5]]
    contents.plugins = [PluginIdentity(kind: "model", name: "m", id: "mlp", version: "1.0")]
    contents.data = DataIdentity(
      trainingRows: 10, validationRows: 0, batchesPerEpoch: 2, featureShape: [3, 4])
    contents.files = ["metrics.csv": 12, "a/b.csv": 0]
    contents.outputs = OutputState(columns: ["loss", "a,b"], warnings: ["w"], recordedSeconds: 1.5)
    contents.foundLearningRate = 0.003
    var run = RunState()
    run.position = RunPosition(.validation, epoch: 2, batch: 1)
    run.seed = .max
    run.step = 7
    run.training.loss = 0.1
    run.training.batches = 2
    run.validation.batches = 1
    run.logs = Self.numbers.enumerated().map { ("m\($0.offset)", $0.element) }
    run.notes = [
      Note(name: "text", content: .text("ä\n\"")), Note(name: "list", content: .list(Self.numbers)),
    ]
    run.stop = ("enough", "stopper")
    run.warnings = ["one"]
    run.dropped = [("gone", "why")]
    run.epochs = (0..<epochs).map { index in
      Epoch(index: index, metrics: run.logs, notes: run.notes, seconds: 0.25)
    }
    let weight = SavedTensor(
      name: "w", type: .float32, shape: [2, 1], bytes: [0, 0, 192, 127, 1, 2, 3, 4], isTrainable: false)
    run.model.weights = [weight, SavedTensor(name: "empty", type: .float64, shape: [0], bytes: [])]
    run.model.parameters = [("learning_rate", 0.1)]
    run.model.part = PartState(
      values: ["adam": .tensor(type: .float64, shape: [1], bytes: Array(repeating: 7, count: 8))],
      random: [1, .max, 3, 0])
    var callback = CallbackState()
    callback.part.values = [
      "int": .int(.min), "short": .bytes([0, 255]), "none": .bytes([]),
      "long": .bytes((0..<1000).map { UInt8($0 % 251) }),
    ]
    for (index, number) in Self.numbers.enumerated() { callback.part.values["f\(index)"] = .float(number) }
    callback.slots = [0: [weight], 15: [weight, weight]]
    run.callbacks = ["a callback / \"x\"": callback]
    run.monitors = ["train/m": PartState(values: ["rows": .int(3)])]
    contents.run = run
    return contents
  }

  private func writeFile(_ path: String, _ bytes: [UInt8]) throws {
    try folder.write(String(path.dropFirst(folder.path.count + 1)), bytes)
  }

  private func bits(_ state: StateTable) -> [String: String] {
    state.mapValues { if case .float(let value) = $0 { "\(value.bitPattern)" } else { "\($0)" } }
  }

  @Test func `a checkpoint reads back bit for bit`() throws {
    let written = contents()
    var store = CheckpointStore(folder.path, keep: 2)
    try store.write(written, number: 1, after: [])
    let read = try CheckpointStore.read(1, in: folder.path).contents
    #expect(read.config == written.config)
    #expect(read.plugins == written.plugins && read.data == written.data && read.files == written.files)
    #expect(read.outputs == written.outputs && read.foundLearningRate == written.foundLearningRate)
    let (old, new) = (written.run, read.run)
    #expect(new.position == old.position && new.seed == old.seed && new.step == old.step)
    #expect(new.training.loss == old.training.loss && new.validation.batches == 1)
    #expect(new.logs.map(\.value.bitPattern) == old.logs.map(\.value.bitPattern))
    #expect(new.logs.map(\.name) == old.logs.map(\.name))
    #expect(new.stop?.by == "stopper" && new.warnings == ["one"] && new.dropped.map(\.callback) == ["gone"])
    #expect(new.model.weights == old.model.weights && new.model.part == old.model.part)
    let (mine, its) = (
      try #require(old.callbacks.values.first), try #require(new.callbacks["a callback / \"x\""])
    )
    #expect(bits(its.part.values) == bits(mine.part.values) && its.slots == mine.slots)
    #expect(new.monitors == old.monitors)
    #expect(new.epochs.count == 3)
    for (a, b) in zip(new.epochs, old.epochs) {
      #expect(
        a.metrics.map(\.value.bitPattern) == b.metrics.map(\.value.bitPattern) && a.seconds == b.seconds)
      guard case .list(let list) = a.notes[1].content else { throw TestError("no list") }
      #expect(list.map(\.bitPattern) == Self.numbers.map(\.bitPattern) && a.notes[0] == b.notes[0])
    }
  }

  @Test func `no byte of a checkpoint can change unnoticed`() throws {
    var store = CheckpointStore(folder.path, keep: 2)
    try store.write(contents(epochs: 1), number: 1, after: [])
    for name in [
      "00000001/manifest.txt", "00000001/state.json", "00000001/tensors.safetensors", "history.jsonl",
    ] {
      let path = folder(name)
      let whole = try readFile(path)
      var changes: [[UInt8]] = [[], Array(whole.dropLast()), Array(whole.dropFirst())]
      for index in stride(from: 0, to: whole.count, by: max(1, whole.count / 150)) {
        var bytes = whole
        bytes[index] ^= 1 << UInt8(index % 8)
        changes.append(bytes)
      }
      for bytes in changes {
        try writeFile(path, bytes)
        // A manifest may happen to name a later format.
        do {
          _ = try CheckpointStore.read(1, in: folder.path)
          Issue.record("\(name) with a change was taken for whole")
        } catch is CheckpointDamage {} catch is NewerCheckpoint {}
      }
      try writeFile(path, whole)
      _ = try CheckpointStore.read(1, in: folder.path)
    }
  }

  @Test func `the newest are kept, and a damaged newest falls back to the one before`() throws {
    let resume = folder("resume")
    try PathName.makeFolders(resume)
    var store = CheckpointStore(resume, keep: 2)
    for number in 1...4 { try store.write(contents(epochs: number), number: number, after: []) }
    #expect(CheckpointStore.numbers(in: resume) == [4, 3])
    try writeFile(resume + "/00000004/state.json", [])
    let point = try ResumePoint(folder.path)
    #expect(point.contents.run.epochs.count == 3)
    #expect(point.warnings.count == 1)
    #expect(point.warnings[0].contains("00000004") && point.warnings[0].contains("state.json has 0 bytes"))
    #expect(point.warnings[0].hasSuffix("going on from the one before it"))
  }

  @Test func `what one checkpoint has of the history is not what another has made of it`() throws {
    var store = CheckpointStore(folder.path, keep: 3)
    try store.write(contents(epochs: 2), number: 1, after: [])
    let mark = try CheckpointStore.read(1, in: folder.path).history
    try store.write(contents(epochs: 5), number: 2, after: [])
    // Taken up from the first: what lies behind it is cut off.
    var other = CheckpointStore(folder.path, keep: 3, from: mark)
    try other.write(contents(epochs: 3), number: 2 + 1, after: [])
    #expect(try CheckpointStore.read(1, in: folder.path).contents.run.epochs.count == 2)
    #expect(try CheckpointStore.read(3, in: folder.path).contents.run.epochs.count == 3)
  }

  @Test func `a later format is refused in words, and not passed over`() throws {
    let resume = folder("resume")
    try PathName.makeFolders(resume)
    var store = CheckpointStore(resume, keep: 2)
    try store.write(contents(), number: 1, after: [])
    try store.write(contents(), number: 2, after: [])
    try writeFile(resume + "/00000002/manifest.txt", Array("trainyard checkpoint 99\nwho knows\n".utf8))
    let error = #expect(throws: NewerCheckpoint.self) { _ = try ResumePoint(folder.path) }
    #expect(error?.failureWords.message.contains("has format 99, and this program reads up to 1") == true)
  }

  @Test func `a folder without checkpoints has nothing to resume`() throws {
    let error = #expect(throws: ResumeProblem.self) { _ = try ResumePoint(folder.path) }
    #expect(error?.code == .nothing)
  }

  @Test func `a run that another process trains cannot be taken up`() throws {
    let resume = folder("resume")
    try PathName.makeFolders(resume)
    var store = CheckpointStore(resume, keep: 2)
    try store.write(contents(), number: 1, after: [])
    let lock = try RunLock(resume, of: folder.path)
    #expect(throws: RunIsInUse.self) { _ = try ResumePoint(folder.path) }
    withExtendedLifetime(lock) {}
  }

  @Test func `no checkpoint names a library by its path`() {
    let config: JSONValue = [
      "model": ["plugin": "/some/where/libmine.so", "file": "/data/x.csv"],
      "monitors": [["library": "/lib/libm.so.6", "symbol": "fabs"], ["plugin": "accuracy"]],
    ]
    #expect(
      config.withoutLibraryPaths == [
        "model": ["plugin": "libmine.so", "file": "/data/x.csv"],
        "monitors": [["library": "libm.so.6", "symbol": "fabs"], ["plugin": "accuracy"]],
      ])
  }
}
