import Training

/// The tensors of a checkpoint as they are collected for its file, each under a name of its own.
struct TensorPool {
  private(set) var tensors: [SavedTensor] = []
  private var names: Set<String> = []

  /// Returns the name that it has in the file.
  mutating func add(_ tensor: SavedTensor, as wanted: String) -> String {
    var name = wanted
    var number = 2
    while name == "__metadata__" || !names.insert(name).inserted {
      name = "\(wanted)#\(number)"
      number += 1
    }
    tensors.append(
      SavedTensor(name: name, type: tensor.type, shape: tensor.shape, bytes: tensor.bytes, isTrainable: true))
    return name
  }
}

// State in JSON: `{"int": 3}`, `{"float": 0.5}`, `{"bytes": "00ff"}`, `{"tensor": "name"}`; long bytes are a tensor, too.
extension JSONValue {
  private static let mostBytesInText = 256

  init(_ state: StateTable, _ pool: inout TensorPool, of part: String) {
    self = .object(
      state.sorted { $0.key < $1.key }.map { key, value in
        Member(key, JSONValue(value, &pool, as: "\(part)/\(key)"))
      })
  }

  private init(_ value: StateValue, _ pool: inout TensorPool, as name: String) {
    switch value {
    case .int(let value): self = .record([("int", .int(value))])
    case .float(let value): self = .record([("float", JSONValue(exactly: value))])
    case .bytes(let bytes) where bytes.count <= Self.mostBytesInText:
      self = .record([("bytes", JSONValue(hexadecimal: bytes))])
    case .bytes(let bytes):
      let tensor = SavedTensor(name: "", type: .uint8, shape: [bytes.count], bytes: bytes)
      self = .record([("long_bytes", .string(pool.add(tensor, as: name)))])
    case .tensor(let type, let shape, let bytes):
      let tensor = SavedTensor(name: "", type: type, shape: shape, bytes: bytes)
      self = .record([("tensor", .string(pool.add(tensor, as: name)))])
    }
  }

  init(_ part: PartState, _ pool: inout TensorPool, of name: String) {
    self = .record([
      ("state", JSONValue(part.values, &pool, of: name)), ("random", JSONValue(hexadecimal: part.random)),
    ])
  }

  init(_ weights: [SavedTensor], _ pool: inout TensorPool, of name: String) {
    self = .array(
      weights.map { weight in
        .record([
          ("name", .string(weight.name)), ("tensor", .string(pool.add(weight, as: "\(name)/\(weight.name)"))),
          ("trainable", .bool(weight.isTrainable)),
        ])
      })
  }
}

extension CheckpointFields {
  /// - Parameter tensors: Those of the file, by name.
  func part(_ tensors: [String: SavedTensor]) throws(CheckpointDamage) -> PartState {
    var values: StateTable = [:]
    for member in try members("state") {
      values[member.name] = try stateValue(member, tensors)
    }
    let random = try words("random")
    guard random.isEmpty || random.count == 4 else { throw damage("'\(place)random' has not four words") }
    return PartState(values: values, random: random)
  }

  private func stateValue(
    _ member: JSONValue.Member, _ tensors: [String: SavedTensor]
  ) throws(CheckpointDamage) -> StateValue {
    if case .int(let value)? = member.value["int"] { return .int(value) }
    if let value = member.value["float"]?.exactDouble { return .float(value) }
    if let bytes = member.value["bytes"]?.hexadecimalBytes { return .bytes(bytes) }
    if let name = member.value["long_bytes"]?.string, let tensor = tensors[name] {
      return .bytes(tensor.bytes)
    }
    if let name = member.value["tensor"]?.string, let tensor = tensors[name] {
      return .tensor(type: tensor.type, shape: tensor.shape, bytes: tensor.bytes)
    }
    throw damage("'\(place)state.\(member.name)' is no value, or names a tensor that is not there")
  }

  func weights(_ key: String, _ tensors: [String: SavedTensor]) throws(CheckpointDamage) -> [SavedTensor] {
    var weights: [SavedTensor] = []
    for object in try objects(key) {
      guard var tensor = tensors[try object.text("tensor")] else {
        throw damage("'\(object.place)tensor' names a tensor that is not there")
      }
      tensor.name = try object.text("name")
      tensor.isTrainable = try object.bool("trainable")
      weights.append(tensor)
    }
    return weights
  }
}
