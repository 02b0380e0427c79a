import DataColumns
import DataFiles
import PluginKit

/// Which arrays to read, and as what: the options of the plugins `npy` and `npz`, which say what each means.
package struct NumPySettings {
  package enum TargetType: String, OptionChoice { case auto, category, number }

  /// An array by its file, or by its name in the archive.
  package var features: String
  package var target: String?
  package var weight: String?
  package var group: String?
  package var id: String?
  package var targetType = TargetType.auto
  package var classes: Int?
  package var classNames: [String] = []
  /// Files stay on the disk where their layout allows.
  package var map = true
  /// The archive; `nil`: each array is a file.
  package var archive: String?

  package init(features: String) { self.features = features }

  /// Features, then target, weight, group and id, where there are such. The files are untrusted.
  package func columns() throws -> [Column] {
    let source = try archive.map { try Archive($0, map: map) }
    func array(_ name: String) throws -> NPYArray {
      if let source { return try source.array(name) }
      return try NPYArray(file: name, map: map)
    }
    let features = try array(features)
    guard !features.header.type.isText else {
      throw PluginError(
        "\(features.name) holds texts (\(features.header.text)), and features are numbers",
        help: "make numbers of them first, or use the dataset csv or sqlite")
    }
    var columns = [try features.numbers { Field(name: "features", role: .feature, type: $0, shape: $1) }]
    for (role, name) in [(Field.Role.target, target), (.weight, weight), (.group, group), (.id, id)] {
      guard let name else { continue }
      let array = try array(name)
      guard array.header.rowCount == features.header.rowCount else {
        throw PluginError(
          "\(array.name) has \(array.header.rowCount) rows, and \(features.name) has \(features.header.rowCount)",
          help: "`\(role)` and `features` must be of the same rows")
      }
      columns.append(try column(array, role))
    }
    return columns
  }

  private func column(_ array: NPYArray, _ role: Field.Role) throws -> Column {
    let type = array.header.type
    if role == .target, !isCategory(array) {
      return try array.numbers { Field(name: "target", role: role, type: $0, shape: shape($1)) }
    }
    guard array.header.rowShape.allSatisfy({ $0 == 1 }) else {
      throw PluginError(
        "\(array.name) has \(array.header.text), and \(role == .target ? "classes are" : "the \(role) is") one "
          + "value for each row",
        help: role == .target ? "set `target_type: number` where each row has several numbers" : nil)
    }
    let name = "\(role)"
    switch role {
    case .weight: return try array.numbers { type, _ in Field(name: name, role: role, type: type) }
    case .target where !type.isText: return try classNumbers(array)
    case _ where type.isText:
      guard classNames.isEmpty && classes == nil || role != .target else {
        throw PluginError(
          "\(array.name) holds the names of the classes itself", help: "leave out `classes` and `class_names`"
        )
      }
      return try array.categories { Field(name: name, role: role, type: .int32, categories: $0) }
    case _ where type.isWhole: return try wholeNumbers(array, role)
    default:
      throw PluginError(
        "\(array.name) holds \(type.name), and a \(role) is a whole number or a text",
        help: "use `array.astype(int)`")
    }
  }

  /// A target of `[n, 1]` is one number a row.
  private func shape(_ given: [Int]) -> [Int] { given.allSatisfy { $0 == 1 } ? [] : given }

  private func isCategory(_ array: NPYArray) -> Bool {
    switch targetType {
    case .category: true
    case .number: false
    case .auto: array.header.type.isText || array.header.type.isWhole && shape(array.header.rowShape).isEmpty
    }
  }

  private func wholeNumbers(_ array: NPYArray, _ role: Field.Role) throws -> Column {
    let values = try array.numbers { type, _ in Field(name: "\(role)", role: role, type: type) }
    if values.view.type == .int64 { return values }
    let memory = try Memory(Int64.self, count: values.rowCount)
    let view = values.view
    for row in 0..<values.rowCount {
      memory.start(as: Int64.self)[row] = Int64(exactly: view.value(at: row)) ?? 0
    }
    return try Column(
      Field(name: "\(role)", role: role, type: .int64), rowCount: values.rowCount, in: memory)
  }

  /// Classes are numbers from 0.
  private func classNumbers(_ array: NPYArray) throws -> Column {
    let raw = try array.numbers { type, _ in Field(name: "target", role: .target, type: type) }
    let codes = try Memory(Int32.self, count: raw.rowCount)
    if !classNames.isEmpty, let classes, classes != classNames.count {
      throw PluginError(
        "`class_names` has \(classNames.count) names, and `classes` is \(classes)",
        help: "one of them is enough")
    }
    let known = classNames.isEmpty ? classes : classNames.count
    let view = raw.view
    var largest: Int32 = -1
    for row in 0..<raw.rowCount {
      let value = view.value(at: row)
      guard let code = Int32(exactly: value), code >= 0, Int(code) < known ?? Self.mostClasses else {
        throw PluginError(
          "\(array.name) has \(Int(exactly: value).map(String.init) ?? "\(value)") in row \(row), which is no class: they are 0 to "
            + "\((known ?? Self.mostClasses) - 1)",
          help: "rows count from 0; check `classes`, or set `target_type: number`")
      }
      codes.start(as: Int32.self)[row] = code
      largest = max(largest, code)
    }
    let field = Field(
      name: "target", role: .target, type: .int32, categories: classNames,
      categoryCount: known ?? Int(largest) + 1)
    return try Column(field, rowCount: raw.rowCount, in: codes)
  }

  /// More would hardly be meant.
  private static let mostClasses = 1 << 24
}

/// An NPZ file: a ZIP file of NPY files.
private struct Archive {
  private let zip: ZipArchive

  init(_ path: String, map: Bool) throws {
    let (memory, count) = try content(path, map: map)
    zip = try ZipArchive(memory, count: count, path: path)
  }

  /// By its name, as in Python's `file["x"]`.
  func array(_ name: String) throws -> NPYArray {
    guard let member = zip.members.last(where: { $0.name == name + ".npy" || $0.name == name }) else {
      let names = zip.members.map { $0.name.hasSuffix(".npy") ? String($0.name.dropLast(4)) : $0.name }
      let nearest = nearestName(to: name, in: names).map { "did you mean '\($0)'? " } ?? ""
      throw PluginError(
        "'\(zip.path)' has no array '\(name)'",
        help: nearest + "it has " + names.prefix(20).joined(separator: ", "))
    }
    let (memory, count) = try zip.content(of: member)
    return try NPYArray(memory, count: count, name: "'\(member.name)' in '\(zip.path)'")
  }
}

extension NPYArray {
  fileprivate init(file path: String, map: Bool) throws {
    let (memory, count) = try content(path, map: map)
    try self.init(memory, count: count, name: "'\(path)'")
  }
}

/// Mapped where that is wanted and possible, else read.
private func content(_ path: String, map: Bool) throws -> (memory: Memory, count: Int) {
  let file = try DataFile(path)
  if map, let mapped = try file.mapped() { return (try mapped.part(0, mapped.count), mapped.count) }
  return try file.readAll(spare: 0)
}
