import Training

/// The members of a JSON object of a checkpoint. Nothing in it is taken on trust; what is wrong is told by its key.
struct CheckpointFields {
  let value: JSONValue
  let path: String
  /// Where in the object it lies: `callbacks.timer`.
  var place = ""

  func damage(_ text: String) -> CheckpointDamage { CheckpointDamage(path: path, detail: text) }

  private func found(_ key: String) throws(CheckpointDamage) -> JSONValue {
    guard let found = value[key] else { throw damage("'\(place)\(key)' is missing") }
    return found
  }

  private func wrong(_ key: String, _ what: String) -> CheckpointDamage {
    damage("'\(place)\(key)' is not \(what)")
  }

  /// A count, from 0.
  func count(_ key: String) throws(CheckpointDamage) -> Int {
    guard let number = try found(key).int.flatMap({ Int(exactly: $0) }), (0...(1 << 53)).contains(number)
    else {
      throw wrong(key, "a count")
    }
    return number
  }

  func double(_ key: String) throws(CheckpointDamage) -> Double {
    guard let number = try found(key).exactDouble else { throw wrong(key, "a number") }
    return number
  }

  func text(_ key: String) throws(CheckpointDamage) -> String {
    guard let text = try found(key).string else { throw wrong(key, "a text") }
    return text
  }

  func bool(_ key: String) throws(CheckpointDamage) -> Bool {
    guard let bool = try found(key).bool else { throw wrong(key, "true or false") }
    return bool
  }

  func list(_ key: String) throws(CheckpointDamage) -> [JSONValue] {
    guard let list = try found(key).array else { throw wrong(key, "a list") }
    return list
  }

  func texts(_ key: String) throws(CheckpointDamage) -> [String] {
    let list = try list(key)
    let texts = list.compactMap(\.string)
    guard texts.count == list.count else { throw wrong(key, "a list of texts") }
    return texts
  }

  func counts(_ key: String) throws(CheckpointDamage) -> [Int] {
    let list = try list(key)
    let counts = list.compactMap(\.int).filter { $0 >= 0 && $0 <= 1 << 53 }.map { Int($0) }
    guard counts.count == list.count else { throw wrong(key, "a list of counts") }
    return counts
  }

  func members(_ key: String) throws(CheckpointDamage) -> [JSONValue.Member] {
    guard let members = try found(key).members else { throw wrong(key, "an object") }
    return members
  }

  func fields(_ key: String) throws(CheckpointDamage) -> CheckpointFields {
    guard case .object = try found(key) else { throw wrong(key, "an object") }
    return CheckpointFields(value: try found(key), path: path, place: "\(place)\(key).")
  }

  /// The objects of a list.
  func objects(_ key: String) throws(CheckpointDamage) -> [CheckpointFields] {
    var objects: [CheckpointFields] = []
    for (index, element) in try list(key).enumerated() {
      guard case .object = element else { throw wrong(key, "a list of objects") }
      objects.append(CheckpointFields(value: element, path: path, place: "\(place)\(key)[\(index)]."))
    }
    return objects
  }

  /// `nil` for null.
  func optional(_ key: String) throws(CheckpointDamage) -> CheckpointFields? {
    if case .null = try found(key) { return nil }
    return try fields(key)
  }

  func optionalDouble(_ key: String) throws(CheckpointDamage) -> Double? {
    if case .null = try found(key) { return nil }
    return try double(key)
  }

  func numbers(_ key: String) throws(CheckpointDamage) -> [(name: String, value: Double)] {
    var numbers: [(name: String, value: Double)] = []
    for member in try members(key) {
      guard let value = member.value.exactDouble else { throw wrong("\(key).\(member.name)", "a number") }
      numbers.append((member.name, value))
    }
    return numbers
  }

  /// 64-bit words in hexadecimal.
  func words(_ key: String) throws(CheckpointDamage) -> [UInt64] {
    let texts = try texts(key)
    let words = texts.compactMap { UInt64($0, radix: 16) }
    guard words.count == texts.count else { throw wrong(key, "a list of hexadecimal words") }
    return words
  }

  func notes(_ key: String) throws(CheckpointDamage) -> [Note] {
    var notes: [Note] = []
    for object in try objects(key) {
      let name = try object.text("name")
      if let text = object.value["text"]?.string {
        notes.append(Note(name: name, content: .text(text)))
      } else {
        let list = try object.list("list")
        let numbers = list.compactMap(\.exactDouble)
        guard numbers.count == list.count else { throw object.wrong("list", "a list of numbers") }
        notes.append(Note(name: name, content: .list(numbers)))
      }
    }
    return notes
  }

  /// A line of the history.
  func epoch() throws(CheckpointDamage) -> Epoch {
    Epoch(
      index: try count("epoch"), metrics: try numbers("metrics"), notes: try notes("notes"),
      seconds: try double("seconds"))
  }
}
