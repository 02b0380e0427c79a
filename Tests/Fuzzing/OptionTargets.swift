import CallbackCore
import ForeignCalls
import PluginHost
import Trainyard

/// Values, ranges and defaults of options, and the small languages in them.
let optionTargets = [
  FuzzTarget("options", "Four lines: a range, a default, choices with commas, and a YAML map with the key x.")
  { bytes in
    let lines = bytes.lines(4)
    checkRanges(lines[0])
    let choices = lines[2].split(separator: ",").map(String.init)
    let node = attempt { try ConfigReader.read(text: lines[3], file: "a.yaml") } ?? ConfigNode(.null)
    for type in OptionSpec.ValueType.allCases {
      for isList in [false, true] {
        let spec = OptionSpec(
          "x", type, default: lines[1], range: lines[0], choices: choices, isList: isList)
        let (values, problems) = OptionParser.values(
          for: [spec], from: node, baseFolder: "/base", owner: "it")
        _ = (values.count, ConfigProblems(problems).description.utf8.count, spec.summary.utf8.count)
      }
    }
    for type in PluginHost.OptionType.allCases {
      for isList in [false, true] {
        let row = OptionRow(
          key: "x", type: type, isList: isList, defaultText: lines[1], range: lines[0], choices: choices)
        guard let value = row.value(of: lines[1]) else { continue }
        _ = row.fault(in: value)?.utf8.count
      }
    }
  },
  FuzzTarget("signature", "The args of a C function, as JSON.") { bytes in
    guard let spec = attempt({ try SpecValue(json: bytes.text) }) else { return }
    let reader = SignatureReader { name, known in known.first }
    let arguments: [SpecValue] = if case .list(let elements) = spec { elements } else { [spec] }
    _ = attempt { try reader.arguments(arguments) }
  },
  FuzzTarget("template", "Two lines: a template of file names, and a table of settings in JSON.") { bytes in
    let lines = bytes.lines(2)
    if let template = attempt({ try NameTemplate(lines[0]) }) {
      let values: [NameTemplate.Value] = [.int(0), .int(.max), .int(.min), .number(.nan), .number(1e300)]
      for (index, value) in values.enumerated() {
        _ = attempt { try template.filled { $0.count % 2 == index % 2 ? value : nil } }
      }
    }
    _ = attempt { try JSON(lines[1]) }
  },
]

/// What is said of a range is what it does.
private func checkRanges(_ text: String) {
  guard let range = OptionRange(text) else { return }
  require(!range.contains(.nan), "'\(text)' does not hold NaN")
  for value in [-Double.infinity, .infinity] where range.contains(value) {
    require(range.description.hasSuffix(", also infinite"), "'\(text)' says that it holds \(value)")
  }
  _ = [-1e300, 0, 1e300].map(range.containsDuration)
}
