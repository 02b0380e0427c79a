import Testing

@testable import Training

@Suite struct DataSplitterTests {
  static let sizes: [(rows: Int, fraction: Double, validation: Int)] = [
    (10, 0.1, 1), (10, 0.25, 3), (100, 0.29, 29), (3, 0.5, 2), (60_000, 0.1, 6000),
  ]

  @Test(arguments: sizes)
  func `every row is on one side, and the sides have the sizes asked for`(
    rows: Int, fraction: Double, validation: Int
  ) throws {
    let split = try Splitter(fraction: fraction, seed: 5).split(rowCount: rows)
    #expect(split.validation.count == validation)
    #expect((split.training + split.validation).sorted() == (0..<rows).map(Int64.init))
    #expect(split.training == split.training.sorted())
  }

  @Test func `a split is a matter of its seed`() throws {
    let first = try Splitter(fraction: 0.3, seed: 5).split(rowCount: 50)
    #expect(try Splitter(fraction: 0.3, seed: 5).split(rowCount: 50) == first)
    #expect(try Splitter(fraction: 0.3, seed: 6).split(rowCount: 50) != first)
  }

  static let classes: [(counts: [Int], fraction: Double, validation: [Int], why: Comment)] = [
    ([10, 20, 30], 0.1, [1, 2, 3], "whole shares"),
    ([5, 5], 0.5, [3, 2], "equal remainders: the lower class first"),
    ([2, 18], 0.9, [1, 17], "each class keeps a row to train on"),
    ([1, 9], 0.5, [0, 5], "a class of one row is not validated"),
    ([7, 13], 0.25, [2, 3], "the larger remainder gets the row that is left"),
  ]

  @Test(arguments: classes)
  func `to stratify gives each class its share`(
    counts: [Int], fraction: Double, validation: [Int], why: Comment
  ) throws {
    // Interleaved, so that no class is a run of rows.
    var left = counts
    var classes: [Int32] = []
    while left.contains(where: { $0 > 0 }) {
      for number in left.indices where left[number] > 0 {
        classes.append(Int32(number))
        left[number] -= 1
      }
    }
    let splitter = Splitter(fraction: fraction, seed: 1, stratify: true)
    let split = try splitter.split(rowCount: classes.count, classes: classes)
    let found = counts.indices.map { number in split.validation.count { classes[Int($0)] == Int32(number) } }
    #expect(found == validation, why)
    #expect((split.training + split.validation).sorted() == (0..<classes.count).map(Int64.init))
  }

  static let faults: [(rows: Int, fraction: Double, stratify: Bool, code: DataError.Code, says: String)] = [
    (
      4, 0.1, false, .noRows,
      "4 rows with a validation fraction of 0.1 leave no row to validate on (4 for training, 0"
    ),
    (4, 0.9, false, .noRows, "leave no row to train on (0 for training, 4 for validation)"),
    (0, 0.5, false, .noRows, "0 rows"),
    (4, 1, false, .badSetting, "fraction 1.0: not between"),
    (4, .nan, false, .badSetting, "fraction nan"),
    (4, 0.5, true, .badSetting, "stratify needs a class for each row"),
  ]

  @Test(arguments: faults)
  func `a split that cannot be is refused`(
    rows: Int, fraction: Double, stratify: Bool, code: DataError.Code, says: String
  ) {
    let error = dataError {
      _ = try Splitter(fraction: fraction, seed: 1, stratify: stratify).split(rowCount: rows)
    }
    #expect(error?.code == code)
    #expect(error?.message.contains(says) == true, "\(error?.message ?? "no error")")
  }
}
