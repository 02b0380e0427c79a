/// The members of a JSON object in a file that nobody vouches for: each is checked when it is read, and what is wrong
/// is told with the file and the line.
struct RecordFields {
  let value: JSONValue
  let position: SourcePosition

  /// Counts of anything in a recording. Larger ones are refused: plugins add to them.
  static let counts = 0...1_000_000_000

  func problem(_ text: String) -> ConfigProblem {
    ConfigProblem(
      .wrongValue, text, at: position, help: "the recording is damaged, or another program wrote it")
  }

  func has(_ name: String) -> Bool {
    switch value[name] {
    case nil, .null?: false
    default: true
    }
  }

  func fields(_ name: String) -> RecordFields? {
    guard has(name), let value = value[name], value.members != nil else { return nil }
    return RecordFields(value: value, position: position)
  }

  func int(_ name: String, or standard: Int? = nil, in range: ClosedRange<Int> = counts) throws -> Int {
    guard has(name), let value = value[name] else {
      if let standard { return standard }
      throw problem("'\(name)' is missing")
    }
    guard let int = value.int.flatMap({ Int(exactly: $0) }), range.contains(int) else {
      throw problem(
        "'\(name)' must be a whole number from \(range.lowerBound) to \(range.upperBound), not \(shown(value))"
      )
    }
    return int
  }

  func double(_ name: String, or standard: Double? = nil) throws -> Double {
    guard has(name), let value = value[name] else {
      if let standard { return standard }
      throw problem("'\(name)' is missing")
    }
    guard let double = value.double else { throw problem("'\(name)' must be a number, not \(shown(value))") }
    return double
  }

  func optionalDouble(_ name: String) throws -> Double? { has(name) ? try double(name) : nil }

  func bool(_ name: String, or standard: Bool) throws -> Bool {
    guard has(name), let value = value[name] else { return standard }
    guard let bool = value.bool else { throw problem("'\(name)' must be true or false, not \(shown(value))") }
    return bool
  }

  func string(_ name: String, or standard: String? = nil) throws -> String {
    guard has(name), let value = value[name] else {
      if let standard { return standard }
      throw problem("'\(name)' is missing")
    }
    guard let string = value.string else { throw problem("'\(name)' must be a text, not \(shown(value))") }
    return string
  }

  /// The objects of a list; none where there is no such member.
  func list(_ name: String) throws -> [RecordFields] {
    guard has(name), let value = value[name] else { return [] }
    guard let list = value.array else { throw problem("'\(name)' must be a list, not \(shown(value))") }
    return try list.map { element in
      guard element.members != nil else {
        throw problem("'\(name)' holds \(shown(element)) where an object belongs")
      }
      return RecordFields(value: element, position: position)
    }
  }

  /// Numbers by name, and texts and lists of numbers apart: a text that stands for NaN or an infinity is a number.
  func logs(_ name: String = "logs") throws -> (values: Recording.Values, notes: [Note]) {
    guard has(name) else { return ([], []) }
    guard let members = value[name]?.members else { throw problem("'\(name)' must be an object") }
    var values: Recording.Values = []
    var notes: [Note] = []
    for member in members {
      guard !member.name.isEmpty, !member.name.unicodeScalars.contains("\0") else {
        throw problem("'\(name)' has a metric with an empty name, or with U+0000 in it")
      }
      if let number = member.value.double {
        values.append((member.name, number))
      } else if let text = member.value.string {
        notes.append(Note(name: member.name, content: .text(text)))
      } else if let list = member.value.array {
        let numbers = list.compactMap(\.double)
        guard numbers.count == list.count else {
          throw problem("'\(member.name)' in '\(name)' is no list of numbers")
        }
        notes.append(Note(name: member.name, content: .list(numbers)))
      } else {
        throw problem(
          "'\(member.name)' in '\(name)' must be a number, a text or a list, not \(shown(member.value))")
      }
    }
    return (values, notes)
  }

  private func shown(_ value: JSONValue) -> String { JSONWriter.compact(value).shownInMessages }
}
