import CTrainyard

// Options, state and descriptions as bytes of messages.

extension WireWriter {
  mutating func put(_ value: OptionValue) {
    switch value {
    case .bool(let value):
      put(UInt8(0))
      put(value)
    case .int(let value):
      put(UInt8(1))
      put(value)
    case .float(let value):
      put(UInt8(2))
      put(value)
    case .text(let value):
      put(UInt8(3))
      put(value)
    case .list(let values):
      put(UInt8(4))
      put(list: values) { $0.put($1) }
    }
  }

  package mutating func put(_ options: [String: OptionValue]) {
    put(list: options.sorted { $0.key < $1.key }) {
      $0.put($1.key)
      $0.put($1.value)
    }
  }

  package mutating func put(_ state: SavedState) {
    put(list: state.sorted { $0.key < $1.key }) { writer, entry in
      writer.put(entry.key)
      switch entry.value {
      case .int(let value):
        writer.put(UInt8(0))
        writer.put(value)
      case .float(let value):
        writer.put(UInt8(1))
        writer.put(value)
      case .bytes(let bytes):
        writer.put(UInt8(2))
        writer.put(bytes)
      case .tensor(let code, let bits, let shape, let bytes):
        writer.put(UInt8(3))
        writer.put(code)
        writer.put(bits)
        writer.put(list: shape) { $0.put($1) }
        writer.put(bytes)
      }
    }
  }

  mutating func put(_ component: ComponentDescription) {
    put(component.kind.rawValue)
    for text in [component.id, component.version, component.summary, component.libraryPath, component.abi] {
      put(text)
    }
    put(component.license)
    put(component.author)
    put(component.flags)
    put(list: component.hooks) { $0.put($1) }
    put(list: component.slots) { $0.put($1) }
    put(list: component.options) { writer, row in
      writer.put(row.key)
      writer.put(row.type.rawValue)
      for flag in [row.isRequired, row.isSecret, row.isList] { writer.put(flag) }
      writer.put(row.doc)
      for text in [row.defaultText, row.range, row.unit] { writer.put(text) }
      writer.put(list: row.choices) { $0.put($1) }
    }
  }

  mutating func put(_ field: FieldDescription) {
    put(field.name)
    put(field.role.rawValue)
    put(field.type.dtype.code)
    put(field.type.dtype.bits)
    put(list: field.shape) { $0.put(Int64($1)) }
    put(Int64(field.categoryCount))
    put(list: field.categories) { $0.put($1) }
  }

  package mutating func put(_ error: LoadError) {
    put(error.code.rawValue)
    put(error.path)
    put(error.detail)
    put(error.remedy)
  }
}

extension WireReader {
  /// - Parameter depth: Lists in lists are no option of ours; a message may claim any number of them.
  mutating func option(depth: Int = 4) throws(WireFault) -> OptionValue {
    switch try take(UInt8.self) {
    case 0: return .bool(try bool())
    case 1: return .int(try take(Int64.self))
    case 2: return .float(try take(Double.self))
    case 3: return .text(try text())
    case 4 where depth > 0:
      return .list(try list { reader throws(WireFault) in try reader.option(depth: depth - 1) })
    default: throw WireFault("an option has no type")
    }
  }

  package mutating func options() throws(WireFault) -> [String: OptionValue] {
    let pairs = try list { reader throws(WireFault) in (try reader.text(), try reader.option()) }
    return Dictionary(pairs, uniquingKeysWith: { $1 })
  }

  package mutating func state() throws(WireFault) -> SavedState {
    let pairs = try list { reader throws(WireFault) in (try reader.text(), try reader.stateValue()) }
    return Dictionary(pairs, uniquingKeysWith: { $1 })
  }

  private mutating func stateValue() throws(WireFault) -> StateValue {
    switch try take(UInt8.self) {
    case 0: return .int(try take(Int64.self))
    case 1: return .float(try take(Double.self))
    case 2: return .bytes(try data())
    case 3:
      let (code, bits) = (try take(UInt8.self), try take(UInt8.self))
      let shape = try list(least: 8) { reader throws(WireFault) in try reader.take(Int64.self) }
      let bytes = try data()
      guard let width = TensorCheck.width(ty_dtype(code: code, bits: bits, lanes: 1)),
        let size = shape.byteCount(width), size == bytes.count
      else { throw WireFault("a tensor of the state has a shape that is not its own") }
      return .tensor(dtypeCode: code, dtypeBits: bits, shape: shape, bytes: bytes)
    default: throw WireFault("a value of the state has no type")
    }
  }

  mutating func component(_ pins: LibraryPins? = nil) throws(WireFault) -> ComponentDescription {
    guard let kind = PluginKind(rawValue: try take(UInt32.self)) else {
      throw WireFault("a component has no kind")
    }
    let (id, version, summary) = (try text(), try text(), try text())
    let (path, abi) = (try text(), try text())
    let facts = LibraryFacts(
      path: path, abi: abi, license: try optionalText(), author: try optionalText(), pins: pins)
    let flags = try take(UInt32.self)
    let hooks = try list { reader throws(WireFault) in try reader.text() }
    let slots = try list { reader throws(WireFault) in try reader.text() }
    let options = try list { reader throws(WireFault) in try reader.row() }
    return ComponentDescription(
      kind: kind, id: id, version: version, summary: summary, options: options, library: facts, hooks: hooks,
      slots: slots, flags: flags)
  }

  private mutating func row() throws(WireFault) -> OptionRow {
    let key = try text()
    guard let type = OptionType(rawValue: try take(UInt32.self)) else {
      throw WireFault("an option has no type")
    }
    let (isRequired, isSecret, isList) = (try bool(), try bool(), try bool())
    let doc = try text()
    let (defaultText, range, unit) = (try optionalText(), try optionalText(), try optionalText())
    return OptionRow(
      key: key, type: type, isRequired: isRequired, isSecret: isSecret, isList: isList, doc: doc,
      defaultText: defaultText, range: range, unit: unit,
      choices: try list { reader throws(WireFault) in try reader.text() })
  }

  mutating func field() throws(WireFault) -> FieldDescription {
    let name = try text()
    let role = FieldDescription.Role(rawValue: try take(UInt32.self))
    let type = ElementType(
      ty_dtype(code: try take(UInt8.self), bits: try take(UInt8.self), lanes: 1))
    let shape = try list(least: 8) { reader throws(WireFault) in try reader.take(Int64.self) }
    let count = try take(Int64.self)
    let categories = try list { reader throws(WireFault) in try reader.text() }
    // What a dataset in this process cannot say either.
    guard let role, let type, !name.isEmpty, (0...Int64(FieldReader.mostCategories)).contains(count),
      let width = shape.byteCount(1), width > 0, width < FieldReader.mostNumbers,
      categories.isEmpty || categories.count == Int(count),
      count == 0 || type != .float32 && type != .float64
    else {
      throw WireFault("a field of the dataset is not what a field can be")
    }
    return FieldDescription(
      name: name, role: role, type: type, shape: shape.map { Int($0) }, categoryCount: Int(count),
      categories: categories)
  }

  package mutating func loadError() throws(WireFault) -> LoadError {
    guard let code = LoadError.Code(rawValue: try text()) else { throw WireFault("an error has no code") }
    return LoadError(code: code, path: try text(), detail: try text(), remedy: try text())
  }
}

extension [Int64] {
  /// Of a tensor of this shape; `nil` where no tensor has it.
  func byteCount(_ width: Int) -> Int? {
    var size = width
    guard count <= Int(TensorCheck.mostDimensions) else { return nil }
    for length in self {
      let (product, overflow) = size.multipliedReportingOverflow(by: Int(length))
      guard length >= 0, !overflow, product < 1 << 48 else { return nil }
      size = product
    }
    return size
  }
}
