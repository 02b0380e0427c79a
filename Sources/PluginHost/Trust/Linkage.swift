import Glibc

/// What an ELF file is linked against, and where it wants that looked for.
struct Linkage: Equatable {
  /// DT_NEEDED, in its order.
  var needs: [String] = []
  /// DT_RUNPATH, or else DT_RPATH; may hold `$ORIGIN`.
  var searchPath: [String] = []

  init() {}

  /// Of a library or a program; `nil` where it cannot be read.
  init?(ofFileAt path: String) {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, let elf = try? ELFFile(file: file, size: Int(status.st_size)) else {
      return nil
    }
    self = elf.linkage
  }
}
