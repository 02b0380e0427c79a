import Glibc

/// A file that looks like a library for this machine: what is known of it before any of its code runs.
struct LibraryFile {
  /// Tells one state of one file from any other. A number alone does not: when a file is gone the next one gets it.
  struct Identity: Hashable {
    var device: UInt64
    var inode: UInt64
    var size: Int64
    var seconds: Int
    var nanoseconds: Int

    init(_ status: stat) {
      device = UInt64(status.st_dev)
      inode = UInt64(status.st_ino)
      size = Int64(status.st_size)
      seconds = status.st_mtim.tv_sec
      nanoseconds = status.st_mtim.tv_nsec
    }
  }

  /// Canonical.
  let path: String
  let status: stat
  let identity: Identity
  /// Whether `trainyard_plugin` is among the dynamic symbols; `nil` for a file that has lost its section headers.
  let exportsEntry: Bool?
  /// What it is linked against; of a file that was read for that.
  private(set) var linkage = Linkage()

  /// - Parameter readsLinkage: What a library is linked against is of interest where it is compared with a lock file; it
  ///   would cost a tenth of the time in which a plugin is loaded.
  init(_ userPath: String, readsLinkage: Bool = false) throws(LoadFault) {
    try self.init(userPath) { elf in readsLinkage ? elf.linkage : Linkage() }
  }

  /// Everything that the library at `userPath` exports; `nil` for a file that has lost its section headers.
  static func exportedSymbols(of userPath: String) throws(LoadFault) -> [ExportedSymbol]? {
    var symbols: [ExportedSymbol]?
    _ = try LibraryFile(userPath) { elf in
      symbols = elf.hasDynamicSymbols ? elf.exportedSymbols : nil
      return Linkage()
    }
    return symbols
  }

  private init(_ userPath: String, _ reading: (ELFFile) -> Linkage) throws(LoadFault) {
    guard let canonical = realpath(userPath, nil) else { throw Self.fault(errno) }
    defer { free(canonical) }
    guard let path = try? Foreign.text(canonical) else { throw .unreadable(reason: "its path is not UTF-8") }
    self.path = path
    // O_NONBLOCK: a named pipe must not keep us waiting.
    let file = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { throw Self.fault(errno) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw Self.fault(errno) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw .notAFile(found: "a folder")
    default: throw .notAFile(found: "a device or a pipe")
    }
    self.status = status
    identity = Identity(status)
    let elf = try Self.examine(file, Int(status.st_size))
    exportsEntry = elf.hasDynamicSymbols ? elf.exports("trainyard_plugin") : nil
    linkage = reading(elf)
  }

  /// What the library's author says of how to install what it needs: the text in its section `.trainyard.install`.
  static func installation(of path: String) -> String? {
    let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, let elf = try? examine(file, Int(status.st_size)) else { return nil }
    return elf.text(inSection: ".trainyard.install")?.shownOnTerminals()
  }

  private static func examine(_ file: Int32, _ size: Int) throws(LoadFault) -> ELFFile {
    let elf: ELFFile
    do {
      elf = try ELFFile(file: file, size: size)
    } catch {
      switch error {
      case .notELF(let found): throw .notALibrary(found: found)
      case .truncated(let needed): throw .truncated(size: size, needed: needed)
      }
    }
    guard elf.machine == ELFFile.hostMachine, elf.is64Bit, elf.isLittleEndian else {
      throw .otherArchitecture(
        found: elf.architecture, expected: ELFFile.name(ELFFile.hostMachine, is64Bit: true))
    }
    switch ELFFile.FileType(rawValue: elf.type) {
    case .library: break
    case .object: throw .notALibrary(found: "an object file that is not linked yet")
    case .program: throw .notALibrary(found: "a program")
    case nil: throw .notALibrary(found: "an ELF file of type \(elf.type)")
    }
    return elf
  }

  private static func fault(_ code: Int32) -> LoadFault {
    switch code {
    case ENOENT, ENOTDIR: .noSuchFile
    default: .unreadable(reason: Foreign.words(strerror(code)) ?? "error \(code)")
    }
  }
}
