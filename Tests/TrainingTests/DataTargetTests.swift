import Testing

@testable import Training

@Suite struct DataTargetTests {
  typealias Column = MemorySource.Column

  static let plans:
    [(
      setting: TargetPlan.Setting, targets: [Column], task: TaskKind, width: Int, names: [String],
      gives: [Double]
    )] = [
      (
        .auto, [.categories("y", [1, 0, 1], ["no", "yes"], role: .target)], .binary, 1, ["no", "yes"],
        [1, 0, 1]
      ),
      (
        .auto, [.categories("y", [2, 0, 1], ["a", "b", "c"], role: .target)], .classes, 3, ["a", "b", "c"],
        [2, 0, 1]
      ),
      (.auto, [.doubles("y", [0.5, 1, 2], role: .target)], .regression, 1, [], [0.5, 1, 2]),
      (.auto, [.bytes("y", [0, 1, 1], role: .target)], .regression, 1, [], [0, 1, 1]),
      (.classification, [.doubles("y", [7, -1, 7], role: .target)], .binary, 1, ["-1", "7"], [1, 0, 1]),
      (.classification, [.bytes("y", [9, 2, 5], role: .target)], .classes, 3, ["2", "5", "9"], [2, 0, 1]),
      (
        .auto,
        [
          .floats("y", [1, 2, 3], role: .target),
          .floats("z", [4, 5, 6, 7, 8, 9], shape: [2], role: .target),
        ],
        .regression, 3, [], [1, 4, 5, 2, 6, 7, 3, 8, 9]
      ),
      (
        .ranking, [.bytes("y", [2, 0, 1], role: .target), .integers("q", [1, 1, 2], role: .group)], .ranking,
        1, [],
        [2, 0, 1]
      ),
    ]

  @Test(arguments: plans)
  func `the task follows from the target`(
    setting: TargetPlan.Setting, targets: [Column], task: TaskKind, width: Int, names: [String],
    gives: [Double]
  ) throws {
    let source = try MemorySource([.rowNumbers(3)] + targets)
    let plan = try #require(try TargetPlan.infer(setting, source: source))
    #expect(plan.task == task)
    #expect(plan.outputWidth == width)
    #expect(plan.classNames == names)
    #expect(try source.batch(task: setting).target == gives)
    #expect(try StreamingSource([.rowNumbers(3)] + targets).batch(task: setting).target == gives)
  }

  @Test func `class numbers are i32, numbers f32, and several stand side by side`() throws {
    for (column, type, shape): (Column, ElementType, [Int]) in [
      (.categories("y", [1, 0], ["a", "b"], role: .target), .int32, [2]),
      (.doubles("y", [1, 0], role: .target), .float32, [2]),
      (.doubles("y", [1, 0, 1, 0, 1, 0], shape: [3], role: .target), .float32, [2, 3]),
    ] {
      let source = try MemorySource([.rowNumbers(2), column, .integers("g", [7, 8], role: .group)])
      let fitted = try FittedPreprocessing.fit(
        Preprocessing(), source: source, rows: [], target: TargetPlan.infer(source: source))
      let loader = try BatchLoader(
        assembler: BatchAssembler(source: source, preprocessing: fitted), rows: [1, 0], batchSize: 2,
        shuffle: false,
        seed: 0, pass: .train)
      try loader.begin(epoch: 0)
      let batch = try #require(try loader.next())
      #expect(batch.target?.type == type)
      #expect(batch.target?.shape == shape)
      #expect(batch.weight == nil)
      #expect(batch.group.map { Array($0.int64s) } == [8, 7])
    }
  }

  @Test func `data without a target is only good for predicting`() throws {
    let source = try MemorySource([.rowNumbers(2)])
    #expect(try TargetPlan.infer(source: source) == nil)
    #expect(dataError { _ = try TargetPlan.infer(.regression, source: source) }?.code == .noTarget)
    let fitted = try FittedPreprocessing.fit(Preprocessing(), source: source, rows: [])
    #expect(dataError { _ = try BatchAssembler(source: source, preprocessing: fitted) }?.code == .noTarget)
    #expect(
      try BatchAssembler(source: source, preprocessing: fitted, readsTarget: false).all([1]).target == [])
  }

  static let faults: [(setting: TargetPlan.Setting, targets: [Column], code: DataError.Code, says: String)] =
    [
      (
        .classification, [.doubles("y", [1, 2.5, 1], role: .target)], .unknownLabel, "field 'y', row 1 is 2.5"
      ),
      (.classification, [.doubles("y", [1, 1, 1], role: .target)], .tooFewClasses, "one class, '1'"),
      (
        .classification, [.doubles("y", [1, .nan, 2], role: .target)], .missingTarget,
        "field 'y', row 1 is missing"
      ),
      (
        .regression, [.categories("y", [0, 1, 0], ["a", "b"], role: .target)], .otherField,
        "regression needs numbers"
      ),
      (.ranking, [.doubles("y", [1, 2, 3], role: .target)], .missingField, "no group field"),
      (
        .auto, [.doubles("y", [1, .nan, 3], role: .target)], .missingTarget,
        "the target in field 'y', row 1 is missing"
      ),
      (.auto, [.doubles("y", [1, .infinity, 3], role: .target)], .missingTarget, "row 1 is inf"),
      (
        .auto, [.categories("y", [0, -1, 1], ["a", "b"], role: .target)], .missingTarget,
        "field 'y', row 1 is missing"
      ),
      (
        .classification, [.bytes("y", [0, 1, 1], role: .target), .bytes("z", [0, 1, 1], role: .target)],
        .otherField,
        "one label for each row, and the target is 'y', 'z'"
      ),
    ]

  @Test(arguments: faults)
  func `a target that cannot be learned is refused`(
    setting: TargetPlan.Setting, targets: [Column], code: DataError.Code, says: String
  ) throws {
    let source = try MemorySource([.rowNumbers(3)] + targets)
    let error = dataError { _ = try source.batch(task: setting) }
    #expect(error?.code == code)
    #expect(error?.message.contains(says) == true, "\(error?.message ?? "no error")")
  }

  static let labels: [(trained: Column, other: Column, gives: [Double]?, says: String)] = [
    (
      .categories("y", [0, 1], ["cat", "dog"], role: .target),
      .categories("y", [0, 1], ["dog", "cat"], role: .target),
      [1, 0], ""
    ),
    (
      .categories("y", [0, 1], ["cat", "dog"], role: .target),
      .categories("y", [0, 1], ["dog", "cow"], role: .target),
      nil, "the label 'cow' in field 'y', row 1 is none of the 2 classes"
    ),
    (
      .bytes("y", [3, 5], role: .target), .doubles("y", [5, 4], role: .target), nil,
      "the label '4' in field 'y', row 1 is none of the 2 classes"
    ),
  ]

  @Test(arguments: labels)
  func `labels of other data are matched with the classes`(
    trained: Column, other: Column, gives: [Double]?, says: String
  ) throws {
    let source = try MemorySource([.rowNumbers(2), trained])
    let fitted = try FittedPreprocessing.fit(
      Preprocessing(), source: source, rows: [], target: TargetPlan.infer(.classification, source: source))
    let assembler = try BatchAssembler(
      source: MemorySource([.rowNumbers(2), other]), preprocessing: fitted)
    var found: [Double]?
    let error = dataError { found = try assembler.all([0, 1]).target }
    #expect(found == gives)
    #expect(
      error.map { $0.code == .unknownLabel && $0.message.contains(says) } ?? says.isEmpty,
      "\(error?.message ?? "")")
  }

  static let weights: [(weights: ClassWeights, column: [Double]?, gives: [Float], why: Comment)] = [
    (.none, nil, [], "all 1"),
    (.balanced, nil, [0.625, 0.625, 0.625, 0.625, 2.5], "n / (k · count): 5/8 and 5/2"),
    (.table(["b": 3]), nil, [1, 1, 1, 1, 3], "what is not named counts 1"),
    (.none, [1, 2, 0, 1, 1], [1, 2, 0, 1, 1], "of rows"),
    (.table(["a": 0.5, "b": 3]), [1, 2, 0, 1, 2], [0.5, 1, 0, 0.5, 6], "of rows and classes"),
  ]

  @Test(arguments: weights)
  func `weights of rows and classes are multiplied`(
    weights: ClassWeights, column: [Double]?, gives: [Float], why: Comment
  ) throws {
    var columns: [Column] = [
      .rowNumbers(5), .categories("y", [0, 0, 0, 0, 1], ["a", "b", "c"], role: .target),
    ]
    if let column { columns.append(.doubles("w", column, role: .weight)) }
    #expect(try MemorySource(columns).batch(classWeights: weights).weight == gives, why)
  }

  @Test func `class weights are those of the rows trained on`() throws {
    let source = try MemorySource([
      .rowNumbers(4), .categories("y", [0, 0, 1, 1], ["a", "b"], role: .target),
    ])
    let plan = try #require(try TargetPlan.infer(source: source))
    #expect(try ClassWeights.balanced.factors(plan, source: source, rows: [0, 1, 2]) == [0.75, 1.5])
  }

  @Test func `weights that are none are refused`() throws {
    for value in [-1, .nan, .infinity] {
      let source = try MemorySource([
        .rowNumbers(2), .doubles("y", [1, 2], role: .target), .doubles("w", [1, value], role: .weight),
      ])
      let error = dataError { _ = try source.batch() }
      #expect(error?.code == .badWeight)
      #expect(error?.message.contains("field 'w', row 1") == true)
    }
    let source = try MemorySource([.rowNumbers(2), .categories("y", [0, 1], ["a", "b"], role: .target)])
    #expect(dataError { _ = try source.batch(classWeights: .table(["z": 1])) }?.code == .unknownLabel)
    #expect(dataError { _ = try source.batch(classWeights: .table(["a": -1])) }?.code == .badWeight)
  }
}
