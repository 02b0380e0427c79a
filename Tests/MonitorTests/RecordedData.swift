import Support
import Trainyard

/// The rows of one pass, as `Tests/Data/monitors/make.py` wrote them.
struct RecordedRows: Sendable {
  var task: String
  var width: Int
  var classNames: [String]
  /// Types of predictions for which the expected values hold: `f32`, `f64`.
  var types: [String]
  var target: [Double]
  var prediction: [Double]
  var weight: [Double]?
  var group: [Double]?

  var count: Int { prediction.count / width }

  init(_ json: JSONValue) throws {
    func numbers(_ key: String) throws -> [Double]? {
      try json[key]?.array?.map { number in
        guard let value = number.double else { throw TestError("'\(key)' holds something else than numbers") }
        return value
      }
    }
    guard let task = json["task"]?.string, let width = json["width"]?.int, width > 0,
      let target = try numbers("target"), let prediction = try numbers("prediction")
    else { throw TestError("a dataset that is not whole: \(json["name"]?.string ?? "without a name")") }
    self.task = task
    self.width = Int(width)
    classNames = json["class_names"]?.array?.compactMap(\.string) ?? []
    types = json["types"]?.array?.compactMap(\.string) ?? []
    self.target = target
    self.prediction = prediction
    weight = try numbers("weight")
    group = try numbers("group")
  }

  init(
    task: String, width: Int = 1, target: [Double], prediction: [Double], weight: [Double]? = nil,
    group: [Double]? = nil, classNames: [String] = []
  ) {
    self.task = task
    self.width = width
    self.classNames = classNames
    types = ["f32", "f64"]
    self.target = target
    self.prediction = prediction
    self.weight = weight
    self.group = group
  }
}

/// What a monitor with these options must publish for these rows; what is not expected must not be published.
struct RecordedCase: Sendable, CustomStringConvertible {
  var data: String
  var options: [String: JSONValue]
  var types: [String]
  var expected: [String: [Double]]

  init(_ json: JSONValue) throws {
    guard let data = json["data"]?.string, let options = json["options"]?.members,
      let types = json["types"]?.array?.compactMap(\.string), let expected = json["expected"]?.members
    else { throw TestError("a case that is not whole") }
    self.data = data
    self.options = Dictionary(uniqueKeysWithValues: options.map { ($0.name, $0.value) })
    self.types = types
    self.expected = [:]
    for member in expected {
      // A list stands under "list <name>".
      self.expected[member.name] =
        member.value.double.map { [$0] } ?? member.value.array?.compactMap(\.double)
    }
  }

  var description: String {
    ([data] + options.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }).joined(separator: " ")
  }
}

enum Recorded {
  static let folder = packageFolder() + "/Tests/Data/monitors"

  static func datasets() throws -> [String: RecordedRows] {
    var result: [String: RecordedRows] = [:]
    for row in try list("datasets", in: "datasets.json") {
      result[row["name"]?.string ?? ""] = try RecordedRows(row)
    }
    return result
  }

  static func cases(_ monitor: String) throws -> [RecordedCase] {
    try list("cases", in: monitor + ".json").map { try RecordedCase($0) }
  }

  private static func list(_ key: String, in file: String) throws -> [JSONValue] {
    let json = try JSONValue(parsing: try readText("\(folder)/\(file)"), from: file)
    guard let list = json[key]?.array, !list.isEmpty else { throw TestError("\(file) has no \(key)") }
    return list
  }

  /// The ids of the monitors in the package's table of plugins.
  static func monitors() throws -> [String] {
    let rows = try readText(packageFolder() + "/Package.swift").split(separator: "\n")
    return rows.filter { $0.contains("kind: \"Monitors\", id: ") }.compactMap { row in
      row.split(separator: "id: \"").last?.split(separator: "\"").first.map(String.init)
    }
  }
}
