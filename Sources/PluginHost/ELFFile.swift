import Glibc

/// A symbol that a library offers to others.
package struct ExportedSymbol: Equatable, Sendable {
  package var name: String
  /// Weak or unique: what a C++ compiler makes of templates and inline functions.
  package var isWeak: Bool

  /// The symbols that the library at `path` exports; `nil` for a file that has lost its section headers.
  package static func all(in path: String) throws(LoadError) -> [ExportedSymbol]? {
    do {
      return try LibraryFile.exportedSymbols(of: path)
    } catch {
      throw error.error(at: path)
    }
  }
}

/// A bounded reader of ELF files: enough to say what a file is, whether it is whole and what it exports, without
/// loading it. Every offset is checked against the size of the file.
struct ELFFile {
  enum Fault: Error, Equatable {
    case notELF(found: String)
    case truncated(needed: UInt64)
  }

  enum FileType: UInt16 {
    case object = 1
    case program, library
  }

  let machine: UInt16
  let is64Bit: Bool
  let isLittleEndian: Bool
  let type: UInt16
  private let file: Int32
  private let size: UInt64
  /// Its first page, which has all that is asked for in most files but the section headers.
  private let head: [UInt8]
  private var sections: [Section] = []
  /// Which section has the sections' names.
  private var namesIndex = 0

  // SHT_DYNSYM and SHT_NOBITS.
  private static let dynamicSymbols: UInt32 = 11
  private static let noBytes: UInt32 = 8
  // SHT_DYNAMIC.
  private static let dynamicEntries: UInt32 = 6

  private struct Section {
    var name: UInt32
    var type: UInt32
    var offset: UInt64
    var size: UInt64
    var link: UInt32
  }

  /// Reads the headers of an open file, which stays the caller's. Of files of the other byte order or of 32 bits
  /// only the first few fields are read: they are of another architecture anyway.
  init(file: Int32, size: Int) throws(Fault) {
    self.file = file
    self.size = UInt64(max(0, size))
    head = Self.read(file, 0, min(4096, size))
    let start = Array(head.prefix(64))
    guard start.starts(with: [0x7f, 0x45, 0x4c, 0x46]) else { throw .notELF(found: Self.describe(start)) }
    guard start.count >= 20 else { throw .truncated(needed: 64) }
    is64Bit = start[4] == 2
    isLittleEndian = start[5] != 2
    let low = isLittleEndian ? 0 : 1
    type = UInt16(start[16 + low]) | UInt16(start[17 - low]) << 8
    machine = UInt16(start[18 + low]) | UInt16(start[19 - low]) << 8
    guard is64Bit, isLittleEndian else { return }
    guard start.count >= 64 else { throw .truncated(needed: 64) }
    let header = Bytes(start)
    try checkSegments(header)
    sections = try readSections(header)
    namesIndex = Int(header.integer(62, as: UInt16.self))
  }

  /// The text in the section of this name, up to a NUL; `nil`: none that is UTF-8.
  func text(inSection name: String) -> String? {
    guard sections.indices.contains(namesIndex) else { return nil }
    let names = bytes(of: sections[namesIndex])
    let wanted = Array(name.utf8) + [0]
    for section in sections where section.size <= 4096 && Int(section.name) < names.count {
      guard names[Int(section.name)...].starts(with: wanted) else { continue }
      let text = bytes(of: section).prefix { $0 != 0 }
      return text.isEmpty ? nil : String(validating: text, as: UTF8.self)
    }
    return nil
  }

  /// The file's architecture, such as `aarch64 (64 bits)`.
  var architecture: String { Self.name(machine, is64Bit: is64Bit, isLittleEndian: isLittleEndian) }

  var hasDynamicSymbols: Bool { sections.contains { $0.type == Self.dynamicSymbols } }

  /// Whether a defined, global function of this name is among the dynamic symbols.
  func exports(_ symbol: String) -> Bool {
    let wanted = Array(symbol.utf8) + [0]
    for section in sections where section.type == Self.dynamicSymbols {
      guard Int(section.link) < sections.count else { continue }
      let names = bytes(of: sections[Int(section.link)])
      let symbols = Bytes(bytes(of: section))
      for start in stride(from: 0, to: symbols.count - symbols.count % 24, by: 24) {
        let info = symbols.integer(start + 4, as: UInt8.self)
        let isFunction = info & 0xf == 2 || info & 0xf == 10
        let isGlobal = info >> 4 == 1 || info >> 4 == 2
        guard isFunction, isGlobal, symbols.integer(start + 6, as: UInt16.self) != 0 else { continue }
        let name = Int(symbols.integer(start, as: UInt32.self))
        if name < names.count, names[name...].starts(with: wanted) { return true }
      }
    }
    return false
  }

  /// Every symbol that the file defines and others can see, as the dynamic linker has them.
  var exportedSymbols: [ExportedSymbol] {
    var found: [ExportedSymbol] = []
    for section in sections where section.type == Self.dynamicSymbols {
      guard Int(section.link) < sections.count else { continue }
      let names = bytes(of: sections[Int(section.link)])
      let symbols = Bytes(bytes(of: section))
      for start in stride(from: 0, to: symbols.count - symbols.count % 24, by: 24) {
        let binding = symbols.integer(start + 4, as: UInt8.self) >> 4
        // Local symbols are nobody else's; 0 is SHN_UNDEF: what the file itself looks for.
        guard binding != 0, symbols.integer(start + 6, as: UInt16.self) != 0 else { continue }
        let name = Int(symbols.integer(start, as: UInt32.self))
        guard name < names.count else { continue }
        found.append(
          ExportedSymbol(
            name: String(decoding: names[name...].prefix { $0 != 0 }, as: UTF8.self), isWeak: binding != 1))
      }
    }
    return found
  }

  /// What it is linked against.
  var linkage: Linkage {
    var linkage = Linkage()
    var (runPath, path): (String?, String?)
    for section in sections where section.type == Self.dynamicEntries {
      guard Int(section.link) < sections.count else { continue }
      let names = bytes(of: sections[Int(section.link)])
      let entries = Bytes(bytes(of: section))
      for start in stride(from: 0, to: entries.count - entries.count % 16, by: 16) {
        let value = entries.integer(start + 8, as: UInt64.self)
        guard value < names.count else { continue }
        let text = { String(decoding: names[Int(value)...].prefix { $0 != 0 }, as: UTF8.self) }
        // DT_NULL, DT_NEEDED, DT_RPATH, DT_RUNPATH
        switch entries.integer(start, as: UInt64.self) {
        case 1: linkage.needs.append(text())
        case 15: path = text()
        case 29: runPath = text()
        default: break
        }
      }
    }
    linkage.searchPath = (runPath ?? path ?? "").split(separator: ":").map(String.init)
    return linkage
  }

  // MARK: - Headers

  private func checkSegments(_ header: Bytes) throws(Fault) {
    let table = try table(
      at: header.integer(32, as: UInt64.self), count: header.integer(56, as: UInt16.self),
      width: header.integer(54, as: UInt16.self), atLeast: 56)
    for start in table.rows {
      let offset = table.bytes.integer(start + 8, as: UInt64.self)
      try check(offset, table.bytes.integer(start + 32, as: UInt64.self))
    }
  }

  private func readSections(_ header: Bytes) throws(Fault) -> [Section] {
    let table = try table(
      at: header.integer(40, as: UInt64.self), count: header.integer(60, as: UInt16.self),
      width: header.integer(58, as: UInt16.self), atLeast: 64)
    var sections: [Section] = []
    sections.reserveCapacity(table.rows.underestimatedCount)
    for start in table.rows {
      let section = Section(
        name: table.bytes.integer(start, as: UInt32.self),
        type: table.bytes.integer(start + 4, as: UInt32.self),
        offset: table.bytes.integer(start + 24, as: UInt64.self),
        size: table.bytes.integer(start + 32, as: UInt64.self),
        link: table.bytes.integer(start + 40, as: UInt32.self))
      if section.type != Self.noBytes { try check(section.offset, section.size) }
      sections.append(section)
    }
    return sections
  }

  private func table(
    at offset: UInt64, count: UInt16, width: UInt16, atLeast: Int
  ) throws(Fault) -> (bytes: Bytes, rows: StrideTo<Int>) {
    let width = Int(width)
    guard count > 0, width >= atLeast else { return (Bytes([]), stride(from: 0, to: 0, by: 1)) }
    let length = Int(count) * width
    try check(offset, UInt64(length))
    let bytes = read(offset, length)
    guard bytes.count == length else { throw .truncated(needed: offset &+ UInt64(length)) }
    return (Bytes(bytes), stride(from: 0, to: length, by: width))
  }

  private func check(_ offset: UInt64, _ length: UInt64) throws(Fault) {
    let (end, overflow) = offset.addingReportingOverflow(length)
    if overflow || end > size { throw .truncated(needed: overflow ? .max : end) }
  }

  // MARK: - Bytes

  /// A section's bytes, at most 256 MiB of them.
  private func bytes(of section: Section) -> [UInt8] {
    guard section.size <= 1 << 28, section.type != Self.noBytes else { return [] }
    return read(section.offset, Int(section.size))
  }

  private func read(_ offset: UInt64, _ length: Int) -> [UInt8] {
    if offset <= UInt64(head.count), length <= head.count - Int(offset) {
      return Array(head[Int(offset)..<Int(offset) + length])
    }
    return Self.read(file, offset, length)
  }

  private static func read(_ file: Int32, _ offset: UInt64, _ length: Int) -> [UInt8] {
    guard length > 0, let start = off_t(exactly: offset) else { return [] }
    return [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
      while count < length {
        let got = pread(file, buffer.baseAddress.map { $0 + count }, length - count, start + off_t(count))
        if got < 0, errno == EINTR { continue }
        guard got > 0 else { break }
        count += got
      }
    }
  }

  /// Little-endian numbers at any offset; 0 beyond the end.
  private struct Bytes {
    let bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }
    var count: Int { bytes.count }

    func integer<I: FixedWidthInteger & UnsignedInteger>(_ offset: Int, as type: I.Type) -> I {
      guard offset + MemoryLayout<I>.size <= bytes.count else { return 0 }
      return bytes.withUnsafeBytes { I(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: I.self)) }
    }
  }

  // MARK: - Words

  private static func describe(_ start: [UInt8]) -> String {
    if start.isEmpty { return "an empty file" }
    if start.starts(with: Array("!<arch>".utf8)) { return "a static archive" }
    if start.starts(with: Array("#!".utf8)) { return "a script" }
    if start.starts(with: [0x1f, 0x8b]) || start.starts(with: Array("PK".utf8)) {
      return "a compressed file"
    }
    if start.starts(with: Array("MZ".utf8)) { return "a Windows library" }
    if start.starts(with: [0xcf, 0xfa, 0xed, 0xfe]) || start.starts(with: [0xca, 0xfe, 0xba, 0xbe]) {
      return "a macOS library"
    }
    let isText = start.allSatisfy { $0 == 9 || $0 == 10 || $0 == 13 || (32..<127).contains($0) }
    return isText ? "a text file" : "a file of an unknown format"
  }

  static func name(_ machine: UInt16, is64Bit: Bool, isLittleEndian: Bool = true) -> String {
    let name =
      switch machine {
      case 3: "x86"
      case 8: "MIPS"
      case 20, 21: "PowerPC"
      case 22: "s390x"
      case 40: "ARM"
      case 62: "x86-64"
      case 183: "aarch64"
      case 243: "RISC-V"
      case 258: "LoongArch"
      default: "machine \(machine)"
      }
    return "\(name) (\(is64Bit ? 64 : 32) bits\(isLittleEndian ? "" : ", big-endian"))"
  }

  /// What this host runs on.
  static var hostMachine: UInt16 {
    #if arch(x86_64)
      62
    #elseif arch(arm64)
      183
    #elseif arch(riscv64)
      243
    #else
      0
    #endif
  }
}
