import Support
import Testing

@testable import Trainyard

/// Folds in the order of the rows are those that scikit-learn gives: `Tests/Data/folds/record.py` has recorded them.
@Suite struct RecordedFoldTests {
  @Test func `folds without shuffling are scikit-learn's`() throws {
    let path = packageFolder() + "/Tests/Data/folds/splits.json"
    let cases = try #require(JSONValue(parsing: readText(path), from: path)["cases"]?.array)
    #expect(cases.count > 40)
    for entry in cases {
      let name = entry["name"]?.string ?? ""
      let facts = entry["settings"]
      var settings = FoldSettings()
      settings.shuffle = false
      settings.folds = facts?["folds"]?.int.map { Int($0) } ?? 5
      settings.strategy = facts?["strategy"]?.string.flatMap { FoldSettings.Strategy(rawValue: $0) } ?? .kFold
      settings.stratify = facts?["stratify"]?.bool ?? false
      settings.gap = facts?["gap"]?.int.map { Int($0) } ?? 0
      settings.testSize = facts?["test_size"]?.int.map { Int($0) }
      settings.maxTrainSize = facts?["max_train_size"]?.int.map { Int($0) }
      var labels = Folds.Labels()
      labels.classes = settings.stratify ? entry["classes"].map { numbers($0).map { Int32($0) } } : nil
      labels.groups =
        facts?["group"]?.bool == true ? entry["groups"].map { numbers($0).map { Int32($0) } } : nil
      let rows = try #require(entry["rows"]?.int)
      let expected = try #require(entry["folds"]?.array)
      let folds = try Folds(settings, rowCount: Int(rows), labels: labels)
      #expect(folds.count == expected.count, "\(name)")
      for number in 0..<min(folds.count, expected.count) {
        let fold = expected[number]
        let wanted = Fold(
          training: numbers(fold["training"] ?? .null), validation: numbers(fold["validation"] ?? .null))
        #expect(folds[number] == wanted, "\(name), fold \(number)")
      }
    }
  }

  private func numbers(_ value: JSONValue) -> [Int64] { value.array?.compactMap(\.int) ?? [] }
}
