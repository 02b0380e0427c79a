import Testing
import Training

/// Folds by what they promise, whatever the order. That those in the order of the rows are scikit-learn's is tested by
/// `RecordedFoldTests`.
@Suite struct FoldTests {
  static func labels(_ classes: [Int32]? = nil, groups: [Int32]? = nil) -> Folds.Labels {
    var labels = Folds.Labels()
    labels.classes = classes
    labels.classNames = ["ant", "bee", "cat", "dog"]
    labels.groups = groups
    return labels
  }

  static let classes: [Int32] = (0..<60).map { [0, 0, 0, 1, 1, 2][$0 % 6] }
  static let kinds: [(name: String, stratify: Bool, groups: [Int32]?)] = [
    ("k-fold", false, nil), ("stratified", true, nil),
    ("grouped", false, (0..<60).map { Int32($0 * 7 % 13) }),
    ("stratified and grouped", true, (0..<60).map { Int32($0 * 7 % 13) }),
  ]

  @Test(arguments: kinds)
  func `every row is held out once in each repeat, and trained on in all other folds`(
    name: String, stratify: Bool, groups: [Int32]?
  ) throws {
    var settings = FoldSettings()
    settings.folds = 4
    settings.repeats = 3
    settings.stratify = stratify
    settings.seed = 11
    settings.group = groups == nil ? nil : .byRole
    let folds = try Folds(settings, rowCount: 60, labels: Self.labels(Self.classes, groups: groups))
    #expect(folds.count == 12)
    for turn in 0..<3 {
      let held = (0..<4).map { folds[turn * 4 + $0].validation }
      #expect(held.flatMap { $0 }.sorted() == (0..<60).map { Int64($0) })
      for fold in 0..<4 {
        let both = folds[turn * 4 + fold]
        #expect((both.training + both.validation).sorted() == (0..<60).map { Int64($0) })
        #expect(both.training == both.training.sorted() && both.validation == both.validation.sorted())
        if let groups {
          let of = { (rows: [Int64]) in Set(rows.map { groups[Int($0)] }) }
          #expect(of(both.training).isDisjoint(with: of(both.validation)), "a group is on both sides")
        } else if stratify {
          let counts = (0..<3).map { label in both.validation.count { Self.classes[Int($0)] == label } }
          #expect([7, 8].contains(counts[0]) && counts[1] == 5 && [2, 3].contains(counts[2]))
        } else {
          #expect(both.validation.count == 15)
        }
      }
    }
    #expect((0..<4).contains { folds[$0] != folds[$0 + 4] }, "another repeat is another order")
    let again = try Folds(settings, rowCount: 60, labels: Self.labels(Self.classes, groups: groups))
    settings.seed = 12
    let other = try Folds(settings, rowCount: 60, labels: Self.labels(Self.classes, groups: groups))
    #expect((0..<12).allSatisfy { again[$0] == folds[$0] })
    #expect((0..<12).contains { other[$0] != folds[$0] })
  }

  @Test func `a series goes by its times`() throws {
    var settings = FoldSettings()
    settings.strategy = .timeSeries
    settings.folds = 2
    settings.gap = 1
    var labels = Folds.Labels()
    labels.times = [5, 1, 4, 0, 3, 2]
    let folds = try Folds(settings, rowCount: 6, labels: labels)
    #expect(folds[0] == Fold(training: [3], validation: [5, 4]))
    #expect(folds[1] == Fold(training: [3, 1, 5], validation: [2, 0]))
  }

  @Test func `a class that is smaller than the folds is named`() throws {
    var settings = FoldSettings()
    settings.stratify = true
    let classes: [Int32] = [0, 0, 0, 0, 0, 0, 1, 1, 3]
    let folds = try Folds(settings, rowCount: 9, labels: Self.labels(classes))
    #expect(
      folds.warnings == [
        "the class 'bee' has 2 rows, and there are 5 folds: 3 of them hold out none of it",
        "the class 'dog' has 1 row, and there are 5 folds: 4 of them hold out none of it",
      ])
  }

  static let refused:
    [(what: String, change: @Sendable (inout FoldSettings) -> Void, rows: Int, message: String)] = [
      ("rows", { $0.folds = 5 }, 4, "5 folds of 4 rows: each needs a row to validate on"),
      (
        "groups",
        {
          $0.folds = 5; $0.group = .byRole
        }, 60, "5 folds of 3 groups: each needs a group to validate on"
      ),
      (
        "classes",
        {
          $0.folds = 31; $0.stratify = true
        }, 60,
        "31 stratified folds, and the largest class has 30 rows"
      ),
      ("one fold", { $0.folds = 1 }, 60, "1 folds: fewer than 2"),
      (
        "repeats",
        {
          $0.repeats = 2; $0.shuffle = false
        }, 60, "2 repeats that would all be the same"
      ),
      (
        "leave one", { $0.strategy = .leaveOneOut }, 1, "leave-one-out of 1 rows: nothing is left to train on"
      ),
      (
        "series",
        {
          $0.strategy = .timeSeries; $0.folds = 5
        }, 5,
        "5 folds in a series of 5 rows leave none to train on"
      ),
      (
        "gap",
        {
          $0.strategy = .timeSeries; $0.folds = 3; $0.gap = 5
        }, 20,
        "3 folds and a gap of 5 in a series of 20 rows leave none to train on"
      ),
      (
        "size",
        {
          $0.strategy = .timeSeries; $0.folds = 3; $0.testSize = .max
        }, 20,
        "3 folds of \(Int.max) rows each in a series of 20 rows leave none to train on"
      ),
    ]

  @Test(arguments: refused.indices)
  func `what cannot be divided is refused`(index: Int) throws {
    let (_, change, rows, message) = Self.refused[index]
    var settings = FoldSettings()
    change(&settings)
    let groups = settings.group == nil ? nil : (0..<rows).map { Int32($0 % 3) }
    let error = #expect(throws: DataError.self) {
      try Folds(
        settings, rowCount: rows,
        labels: Self.labels(settings.stratify ? Self.classes : nil, groups: groups))
    }
    #expect(error?.message == message)
    #expect(error?.help.isEmpty == false)
  }
}
