import CTrainyard

/// Reads what a library's entry has returned, and believes none of it before it is checked.
struct ModuleReader {
  static let mostComponents = 256
  static let mostOptions = 1024
  static let mostChoices = 1024
  /// No struct of the contract will ever be longer; a larger size is rubbish.
  static let longestStruct = 1 << 16
  private static let pointerSize = MemoryLayout<UnsafeRawPointer>.size

  let path: String
  var pins: LibraryPins?

  func components(_ pointer: UnsafeRawPointer) throws(LoadFault) -> [ComponentDescription] {
    // These three numbers are frozen for ever, so that a host of any version can say this.
    let major = pointer.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
    let minor = pointer.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
    guard major == UInt32(TY_ABI_MAJOR), TY_ABI_MAJOR > 0 || minor == UInt32(TY_ABI_MINOR) else {
      throw .abiMismatch(found: "\(major).\(minor)", expected: "\(TY_ABI_MAJOR).\(TY_ABI_MINOR)")
    }
    if let fault = sizeFault(pointer, needed: MemoryLayout<ty_module>.offset(of: \.license) ?? 0) {
      throw .badModule(fault)
    }
    let module = Foreign.copy(pointer, over: ty_module())
    guard module.component_count > 0 else { throw .badModule("it lists no component") }
    guard module.component_count <= Self.mostComponents else {
      throw .badModule(
        "it lists \(module.component_count) components, and \(Self.mostComponents) are the most")
    }
    guard let list = module.components else { throw .badModule("its list of components is NULL") }
    let library = LibraryFacts(
      path: path, abi: Self.abi(major, minor), license: try note(module.license, "license"),
      author: try note(module.author, "author"), pins: pins)
    var found: [ComponentDescription] = []
    for index in 0..<Int(module.component_count) {
      guard let entry = Foreign.element(list, index) else { throw .badModule("component \(index) is NULL") }
      let component = try component(entry, index: index, of: library)
      if found.contains(where: { $0.id == component.id }) { throw .duplicateComponent(component.id) }
      found.append(component)
    }
    return found
  }

  private static let hostABI = "\(TY_ABI_MAJOR).\(TY_ABI_MINOR)"

  /// Most libraries are of the host's own version, whose text is there already.
  private static func abi(_ major: UInt32, _ minor: UInt32) -> String {
    major == UInt32(TY_ABI_MAJOR) && minor == UInt32(TY_ABI_MINOR) ? hostABI : "\(major).\(minor)"
  }

  func component(
    _ pointer: UnsafeRawPointer, index: Int, of library: LibraryFacts
  ) throws(LoadFault) -> ComponentDescription {
    if let fault = sizeFault(pointer, needed: MemoryLayout<ty_component>.size) {
      throw .badModule("component \(index): \(fault)")
    }
    let foreign = Foreign.copy(pointer, over: ty_component())
    let id: String
    do {
      id = try Foreign.text(foreign.id, limit: 65)
    } catch {
      throw .badModule("the id of component \(index) is \(error.words)")
    }
    guard ComponentCheck.isID(id) else {
      throw .badModule(
        "the id of component \(index) is '\(id)', and may have lower-case letters, digits, '-' and '.' only")
    }
    guard let kind = PluginKind(rawValue: foreign.kind) else {
      throw .badComponent(
        id: id, "its kind is \(foreign.kind), and this host knows 1 to \(PluginKind.allCases.count)")
    }
    let version = try text(foreign.version, "version", of: id, limit: 65)
    try ComponentCheck.checkVersion(version, of: id)
    let summary = try text(foreign.summary, "summary", of: id)
    let options = try OptionReader(component: id).rows(foreign)
    let table = try table(foreign.table, kind, of: id)
    return ComponentDescription(
      kind: kind, id: id, version: version, summary: summary, options: options, library: library,
      pointer: pointer.assumingMemoryBound(to: ty_component.self), table: table)
  }

  private func table(
    _ pointer: UnsafeRawPointer?, _ kind: PluginKind, of id: String
  ) throws(LoadFault) -> ComponentTable {
    guard let pointer else { throw .badComponent(id: id, "its table is NULL") }
    let needed = ComponentTable.requiredSize(kind)
    let size = Foreign.size(pointer)
    guard size >= needed else { throw .tableTooShort(id: id, kind: kind, found: size, needed: needed) }
    if let fault = sizeFault(pointer, needed: needed) { throw .badComponent(id: id, "its table: \(fault)") }
    let table = ComponentTable(kind, copying: pointer)
    if let missing = table.requiredSlots.first(where: { !$0.isFilled }) {
      throw .missingSlot(id: id, kind: kind, slot: missing.name)
    }
    try ComponentCheck.checkGroups(table.optionalSlots.filter(\.isFilled).map(\.name), of: id)
    return table
  }

  private func text(
    _ start: UnsafePointer<CChar>?, _ what: String, of id: String, limit: Int = Foreign.longestText
  ) throws(LoadFault) -> String {
    do {
      return try Foreign.text(start, limit: limit)
    } catch {
      throw .badComponent(id: id, "its \(what) is \(error.words)")
    }
  }

  private func note(_ start: UnsafePointer<CChar>?, _ what: String) throws(LoadFault) -> String? {
    guard start != nil else { return nil }
    do {
      return try Foreign.text(start)
    } catch {
      throw .badModule("its \(what) is \(error.words)")
    }
  }
}

/// What is wrong with the `struct_size` of the struct at `pointer`, or `nil`.
func sizeFault(_ pointer: UnsafeRawPointer, needed: Int) -> String? {
  let size = Foreign.size(pointer)
  if size < needed { return "struct_size is \(size), and at least \(needed) bytes are needed" }
  // Every struct of the contract holds a pointer or a 64-bit number, so sizeof is a multiple of 8.
  if size > ModuleReader.longestStruct || size % MemoryLayout<UInt64>.size != 0 {
    return "struct_size is \(size), which no compiler gives"
  }
  return nil
}
