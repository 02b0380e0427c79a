import FoundationEssentials
import Testing

@testable import Training

private let nan = Double.nan

@Suite struct DataPreprocessingTests {
  static let columns: [(settings: Preprocessing, values: [Double], gives: [Float], why: Comment)] = [
    (Preprocessing(), [1, 2, 3], [1, 2, 3], "as it is"),
    (Preprocessing(scale: 4), [1, 2, 3], [0.25, 0.5, 0.75], "divided"),
    (Preprocessing(standardize: true), [1, 3], [-1, 1], "mean 2, deviation 1"),
    (
      Preprocessing(standardize: true), [2, 4, 4, 4, 5, 5, 7, 9], [-1.5, -0.5, -0.5, -0.5, 0, 0, 1, 2],
      "5 and 2"
    ),
    (Preprocessing(scale: 10, standardize: true), [1, 3], [-1, 1], "a scale changes nothing then"),
    (
      Preprocessing(standardize: true), [0.1, 0.1, 0.1], [0, 0, 0], "a column that never changes is centred"
    ),
    (Preprocessing(standardize: true), [1e9, 1e9 + 2], [-1, 1], "large numbers that differ little"),
    (Preprocessing(missing: .zero), [1, nan, 3], [1, 0, 3], "zero"),
    (Preprocessing(missing: .mean), [1, nan, 3], [1, 2, 3], "mean"),
    (Preprocessing(missing: .median), [1, nan, 9, 2], [1, 2, 9, 2], "the middle one"),
    (Preprocessing(missing: .median), [1, nan, 9, 2, 4], [1, 3, 9, 2, 4], "between the middle two"),
    (Preprocessing(missing: .mostFrequent), [5, nan, 4, 5, 4], [5, 4, 4, 5, 4], "the smaller of two"),
    (
      Preprocessing(standardize: true, missing: .mean), [0, nan, nan, 4], [-1.4142135, 0, 0, 1.4142135],
      "2 and √2"
    ),
    (Preprocessing(standardize: true, missing: .zero), [nan, 4], [-1, 1], "filled first: 2 and 2"),
    (Preprocessing(scale: 2, missing: .zero), [nan, 2], [0, 1], "filled before scaling"),
  ]

  @Test(arguments: columns)
  func `numbers become what the settings say`(
    settings: Preprocessing, values: [Double], gives: [Float], why: Comment
  ) throws {
    #expect(try MemorySource([.doubles("x", values)]).batch(settings).features == gives, why)
    #expect(try StreamingSource([.doubles("x", values)]).batch(settings).features == gives, why)
  }

  @Test func `every element type is read`() throws {
    let settings = Preprocessing(standardize: true)
    let columns: [MemorySource.Column] = [
      .bytes("x", [1, 3]), .floats("x", [1, 3]), .doubles("x", [1, 3]), .integers("x", [1, 3]),
    ]
    for column in columns {
      #expect(try MemorySource([column]).batch(settings).features == [-1, 1])
      #expect(try MemorySource([column]).batch().features == [1, 3])
    }
  }

  @Test func `bytes in the shape of an image are scaled and keep it`() throws {
    let source = try MemorySource([.bytes("image", [0, 51, 102, 255, 255, 0], shape: [3, 1])])
    let fitted = try FittedPreprocessing.fit(Preprocessing(scale: 255), source: source, rows: [])
    #expect(fitted.featureShape == [3, 1])
    let contents = try BatchAssembler(source: source, preprocessing: fitted, readsTarget: false).all([1, 0])
    #expect(contents.features == [1, 1, 0, 0, 0.2, 0.4])
  }

  @Test func `statistics over many parts are those of the whole`() throws {
    // 10 000 rows of 0, 1, … 9999 are more than one part; their variance is (n² − 1) / 12.
    let source = try MemorySource([.rowNumbers(10_000)])
    let fitted = try FittedPreprocessing.fit(
      Preprocessing(standardize: true), source: source, rows: source.allRows)
    #expect(fitted.features[0].center == [4999.5])
    let deviation = ((10_000.0 * 10_000 - 1) / 12).squareRoot()
    #expect(abs(fitted.features[0].factor[0] * deviation - 1) < 1e-12)
  }

  @Test(arguments: [
    Preprocessing(standardize: true, missing: .mean), Preprocessing(missing: .median),
    Preprocessing(standardize: true, missing: .mostFrequent),
  ])
  func `rows that are not trained on have no part in what is learned`(settings: Preprocessing) throws {
    let training: [Int64] = [0, 1, 2]
    let fits = try [[1, 2, nan, 5, 7], [1, 2, nan, -900, nan]].map { values in
      let source = try MemorySource([.doubles("x", values), .categories("c", [0, 0, 1, 1, 1], ["a", "b"])])
      return try FittedPreprocessing.fit(settings, source: source, rows: training)
    }
    #expect(fits[0] == fits[1])
  }

  @Test func `categories become columns, numbers and all side by side`() throws {
    let source = try MemorySource([
      .doubles("x", [7, 8, 9]), .categories("c", [1, 0, 2], ["a", "b", "c"]),
      .floats("p", [1, 2, 3, 4, 5, 6], shape: [2]),
    ])
    #expect(try source.batch().features == [7, 0, 1, 0, 1, 2, 8, 1, 0, 0, 3, 4, 9, 0, 0, 1, 5, 6])
    #expect(try source.batch(Preprocessing(oneHot: false)).features == [7, 1, 1, 2, 8, 0, 3, 4, 9, 2, 5, 6])
  }

  static let missingCategories: [(missing: Preprocessing.Missing, gives: [Float])] = [
    (.zero, [1, 0, 0, 0, 0, 1, 0, 1]), (.mostFrequent, [1, 0, 0, 1, 0, 1, 0, 1]),
    (.mean, [1, 0, 0, 1, 0, 1, 0, 1]),
  ]

  @Test(arguments: missingCategories)
  func `a missing category is none, or the most frequent`(missing: Preprocessing.Missing, gives: [Float])
    throws
  {
    let source = try MemorySource([.categories("c", [0, -1, 1, 1], ["a", "b"])])
    #expect(try source.batch(Preprocessing(missing: missing)).features == gives)
  }

  @Test func `categories of other data are found by name, and unknown ones are counted`() throws {
    let trained = try MemorySource([.categories("c", [0, 1], ["a", "b"]), .doubles("x", [1, 2])])
    let fitted = try FittedPreprocessing.fit(Preprocessing(), source: trained, rows: trained.allRows)
    let other = try MemorySource([
      .doubles("more", [0, 0, 0]), .doubles("x", [3, 4, 5]), .categories("c", [0, 1, 2], ["b", "z", "a"]),
    ])
    let assembler = try BatchAssembler(source: other, preprocessing: fitted, readsTarget: false)
    for mode in [BatchLoader.Mode.inline, .prefetch] {
      let loader = try BatchLoader(
        assembler: assembler, rows: [0, 1, 2, 1], batchSize: 2, shuffle: false, seed: 0, mode: mode,
        pass: .predict)
      let features = try loader.contents(epoch: 0).flatMap(\.features)
      #expect(features == [0, 1, 3, 0, 0, 4, 1, 0, 5, 0, 0, 4])
      #expect(loader.unknownCategories == ["c": 2])
    }
  }

  static let refusals: [(values: [Double], settings: Preprocessing, says: String)] = [
    ([1, 2, 3, nan, 5, 6], Preprocessing(), "field 'x', row 1, element 1 is missing"),
    ([1, 2, 3, nan, 5, 6], Preprocessing(standardize: true), "field 'x', row 1, element 1 is missing"),
    ([1, 2, 3, 4, .infinity, 6], Preprocessing(), "field 'x', row 2, element 0 is inf"),
    ([1, 2, 3, 4, -.infinity, 6], Preprocessing(missing: .mean), "field 'x', row 2, element 0 is inf"),
    (
      [1, 2, 3, 4, 5, 1e300], Preprocessing(),
      "field 'x', row 2, element 1 is 1e+300, which no 32-bit float can hold"
    ),
    (
      [1, nan, 3, nan, 5, nan], Preprocessing(missing: .mean), "field 'x', element 1, is missing in every row"
    ),
    (
      [1, nan, 3, nan, 5, nan], Preprocessing(missing: .median),
      "field 'x', element 1, is missing in every row"
    ),
  ]

  @Test(arguments: refusals)
  func `what cannot be a feature is named with its place`(
    values: [Double], settings: Preprocessing, says: String
  ) throws {
    for source: any DataSource in [
      try MemorySource([.doubles("x", values, shape: [2])]),
      try StreamingSource([.doubles("x", values, shape: [2])]),
    ] {
      let error = dataError { _ = try source.batch(settings) }
      #expect(error?.code == .missingValue)
      #expect(error?.message.contains(says) == true, "\(error?.message ?? "no error")")
    }
  }

  @Test func `a missing number in a row that is not trained on is found when it is read`() throws {
    let source = try MemorySource([.floats("x", [1, 2, .nan])])
    let error = dataError { _ = try source.batch(training: [0, 1]) }
    #expect(error?.message == "data in memory: field 'x', row 2 is missing")
    #expect(error?.help.contains("data.missing") == true)
  }

  @Test func `codes that are no categories are refused`() throws {
    for (codes, says) in [
      ([0, 5], "code 5.0, and there are 2"), ([0, -7], "code -7.0"), ([0, -1], "row 1 is missing"),
    ] {
      let source = try MemorySource([.categories("c", codes.map(Int32.init), ["a", "b"])])
      let message = dataError { _ = try source.batch() }?.message ?? "no error"
      #expect(message.contains(says), "\(message)")
    }
  }

  static let others: [(columns: [MemorySource.Column], code: DataError.Code, says: String)] = [
    ([.doubles("y", [1])], .missingField, "has no field 'x', which the model was trained with"),
    ([.doubles("x", [1, 2], shape: [2])], .otherField, "field 'x' has shape [2], and [] was trained with"),
    (
      [.categories("x", [0], ["a"])], .otherField, "field 'x' holds categories, and numbers were trained with"
    ),
  ]

  @Test(arguments: others)
  func `data of another kind is refused`(columns: [MemorySource.Column], code: DataError.Code, says: String)
    throws
  {
    let trained = try MemorySource([.doubles("x", [1])])
    let fitted = try FittedPreprocessing.fit(Preprocessing(), source: trained, rows: [0])
    let other = try MemorySource(columns)
    let error = dataError { _ = try BatchAssembler(source: other, preprocessing: fitted, readsTarget: false) }
    #expect(error?.code == code)
    #expect(error?.message.contains(says) == true, "\(error?.message ?? "no error")")
  }

  @Test func `what was fitted comes back from JSON as it was`() throws {
    let source = try MemorySource([
      .doubles("x", [0.1, nan, 1e-9, 3], shape: [2]), .categories("c", [0, 1], ["a", "b"]),
      .categories("y", [1, 0], ["no", "yes"], role: .target),
    ])
    let fitted = try FittedPreprocessing.fit(
      Preprocessing(standardize: true, missing: .median), source: source, rows: source.allRows,
      target: TargetPlan.infer(source: source))
    let text = try JSONEncoder().encode(fitted)
    #expect(String(decoding: text, as: UTF8.self).contains(#""task":"binary""#))
    #expect(try JSONDecoder().decode(FittedPreprocessing.self, from: text) == fitted)
  }

  static let damages: [(Comment, @Sendable (inout FittedPreprocessing) -> Void)] = [
    ("no features", { $0.features = [] }),
    ("too few centers", { $0.features[0].center = [1, 2] }),
    ("a factor that is not finite", { $0.features[0].factor = [.nan] }),
    ("a shape that overflows", { $0.features[0].shape = [.max, 2] }),
    ("a negative shape", { $0.features[0].shape = [-3] }),
    ("another feature shape", { $0.featureShape = [4] }),
    ("one class", { $0.target?.classNames = ["a"] }),
    ("unordered class values", { $0.target?.classValues = [2, 1] }),
    ("no target fields", { $0.target?.fields = [] }),
    ("one category twice", { $0.features[1].categories = ["a", "a"] }),
    ("a fill that is no category", { $0.features[1].fillCategory = "q" }),
  ]

  @Test(arguments: damages)
  func `a damaged preprocessing is refused`(
    why: Comment, damage: @Sendable (inout FittedPreprocessing) -> Void
  ) throws {
    let source = try MemorySource([
      .doubles("x", [1, 2, 3, 4, 5, 6], shape: [3]), .categories("c", [0, 1], ["a", "b"]),
      .categories("y", [1, 0], ["no", "yes"], role: .target),
    ])
    var fitted = try FittedPreprocessing.fit(
      Preprocessing(), source: source, rows: source.allRows, target: TargetPlan.infer(source: source))
    try fitted.validate()
    damage(&fitted)
    #expect(
      dataError { _ = try BatchAssembler(source: source, preprocessing: fitted) }?.code == .inconsistent, why)
  }

  @Test(arguments: [0, -1, .nan, .infinity])
  func `a scale that divides nothing is refused`(scale: Double) throws {
    let source = try MemorySource([.doubles("x", [1])])
    #expect(dataError { _ = try source.batch(Preprocessing(scale: scale)) }?.code == .badSetting)
  }
}
