import Glibc

/// What the system knows of an address that a symbol has: whether code is there, and whose it is.
struct SymbolHome {
  let isCode: Bool
  /// Whether it is a function of the C library itself.
  let isLibC: Bool

  init(_ address: UnsafeMutableRawPointer) {
    var info = AddressInfo()
    var entry: UnsafeMutableRawPointer?
    let isKnown = Self.lookUp.map { $0(address, &info, &entry, Self.symbolEntry) != 0 } ?? false
    let file = isKnown ? info.file.map { String(cString: $0) } ?? "" : ""
    let name = file.split(separator: "/").last ?? ""
    isLibC = name.hasPrefix("libc.") || name.hasPrefix("libc-")
    // Old linkers lay constants beside code, so that the segment alone does not tell.
    let isObject = isKnown && info.symbolAddress == address && Self.isObject(entry)
    isCode = !isObject && Self.isExecutable(UInt(bitPattern: address))
  }

  /// `Dl_info`, which the headers show to GNU programs alone, as they do `dladdr1`.
  private struct AddressInfo {
    var file: UnsafePointer<CChar>?
    var base: UnsafeMutableRawPointer?
    var symbol: UnsafePointer<CChar>?
    var symbolAddress: UnsafeMutableRawPointer?
  }

  private typealias LookUp =
    @convention(c) (
      UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafeMutablePointer<UnsafeMutableRawPointer?>, Int32
    ) -> Int32

  private static let lookUp = dlsym(nil, "dladdr1").map { unsafeBitCast($0, to: LookUp.self) }

  /// RTLD_DL_SYMENT: the answer is the symbol's entry in the table.
  private static let symbolEntry: Int32 = 1

  /// Whether an `Elf64_Sym` is of the type STT_OBJECT, STT_COMMON or STT_TLS: the low half of `st_info`, after the
  /// four bytes of `st_name`.
  private static func isObject(_ entry: UnsafeMutableRawPointer?) -> Bool {
    guard let entry else { return false }
    return [1, 5, 6].contains(entry.load(fromByteOffset: 4, as: UInt8.self) & 0xF)
  }

  /// Whether the address lies in memory that may be run. Where the system does not say, it is believed.
  private static func isExecutable(_ address: UInt) -> Bool {
    guard let file = fopen("/proc/self/maps", "re") else { return true }
    defer { fclose(file) }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    // 7f0000000000-7f0000001000 r-xp 00000000 …
    while getline(&line, &capacity, file) > 0 {
      guard let line else { break }
      let words = String(cString: line).split(separator: " ", maxSplits: 2)
      let ends = words.first?.split(separator: "-").compactMap { UInt($0, radix: 16) } ?? []
      guard ends.count == 2, words.count > 1, ends[0] <= address, address < ends[1] else { continue }
      return words[1].contains("x")
    }
    return false
  }
}
