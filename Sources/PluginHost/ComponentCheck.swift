/// What holds for every component, whoever has read it: in this process its library, or a helper, which may say anything.
enum ComponentCheck {
  /// Throws where a library's components cannot be so.
  static func check(_ components: [ComponentDescription]) throws(LoadFault) {
    guard !components.isEmpty else { throw .badModule("it lists no component") }
    guard components.count <= ModuleReader.mostComponents else {
      throw .badModule(
        "it lists \(components.count) components, and \(ModuleReader.mostComponents) are the most")
    }
    var ids: Set<String> = []
    for (index, component) in components.enumerated() {
      guard component.id.utf8.count < 65, isID(component.id) else {
        throw .badModule(
          "the id of component \(index) is '\(component.id)', and may have lower-case letters, digits, '-' and '.' only"
        )
      }
      guard ids.insert(component.id).inserted else { throw .duplicateComponent(component.id) }
      try checkVersion(component.version, of: component.id)
      try OptionReader(component: component.id).check(component.options)
      guard component.hooks.allSatisfy(hookNames.contains) else {
        throw .badComponent(id: component.id, "it has a hook that does not exist")
      }
      try checkGroups(component.slots, of: component.id)
    }
  }

  static func checkVersion(_ version: String, of id: String) throws(LoadFault) {
    guard !version.isEmpty, version.unicodeScalars.allSatisfy({ $0 != " " && !$0.steersTerminals }) else {
      throw .badComponent(id: id, "its version is '\(version)', and should be such as '1.2.0'")
    }
  }

  /// Of slots that belong together all are there, or none.
  static func checkGroups(_ filled: [String], of id: String) throws(LoadFault) {
    if filled.isEmpty { return }
    for group in ComponentTable.groups {
      let missing = group.filter { !filled.contains($0) }
      if let absent = missing.first, let present = group.first(where: filled.contains) {
        throw .unpairedSlot(id: id, present: present, missing: absent)
      }
    }
  }

  /// Lower-case letters, digits, `-` and `.`, not beginning with a sign: safe in a file name.
  static func isID(_ text: String) -> Bool {
    func isAlphanumeric(_ byte: UInt8) -> Bool {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
    guard let first = text.utf8.first, isAlphanumeric(first) else { return false }
    return text.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
  }
}
