import CFFI
import Glibc

/// A C function that was found in a library and whose call interface is prepared. Never changed afterwards: any
/// number of `ForeignCall`s may use it.
///
/// What the signature says is believed: nothing in a library tells the types of a function. A wrong signature is
/// undefined behaviour, as it is in C.
public final class ForeignFunction {
  public let signature: ForeignSignature
  let pointer: @convention(c) () -> Void
  let interface: CallInterface

  /// Opens the library and finds the function. Libraries stay open.
  public init(_ signature: ForeignSignature) throws(ForeignError) {
    try Self.check(signature)
    self.signature = signature
    // What opens a library runs code of it. A name without '/' is found in the system's folders.
    if signature.library.contains("/"), let (what, why) = FileOwnership.fault(library: signature.library) {
      throw ForeignError(
        .untrustedLibrary, "the library '\(signature.library)' is not opened: \(what) \(why)",
        help: "take the right to write away from others, as with chmod go-w, or copy it to a folder of yours")
    }
    guard let library = dlopen(signature.library, RTLD_NOW | RTLD_LOCAL) else {
      throw Self.missingLibrary(signature.library)
    }
    _ = dlerror()
    guard let symbol = dlsym(library, signature.symbol) else {
      throw ForeignError(
        .missingSymbol, "'\(signature.library)' has no function '\(signature.symbol)'",
        help: "`nm -D --defined-only` lists what a library has; a C++ function needs extern \"C\"")
    }
    let home = SymbolHome(symbol)
    guard home.isCode else {
      throw ForeignError(
        .missingSymbol, "'\(signature.symbol)' of '\(signature.library)' is data, no function",
        help: "`nm -D --defined-only` marks functions with T or W")
    }
    if Self.isVariadic(signature.symbol, inLibC: home.isLibC) { throw .variadic }
    pointer = unsafeBitCast(symbol, to: (@convention(c) () -> Void).self)
    interface = try CallInterface(returns: signature.returns, parameters: signature.arguments.map(\.type))
  }

  private static func check(_ signature: ForeignSignature) throws(ForeignError) {
    guard !signature.library.isEmpty, !signature.library.utf8.contains(0) else {
      throw ForeignError(
        .badName, "the library has no name", help: "give a path, or a name such as libm.so.6")
    }
    let name = signature.symbol.utf8
    guard let first = name.first, !(0x30...0x39).contains(first),
      name.allSatisfy({ $0 == 0x5F || $0 == 0x24 || isalnum(Int32($0)) != 0 })
    else {
      throw ForeignError(
        .badName, "'\(signature.symbol)' cannot be the name of a C function",
        help: "give the name without parentheses")
    }
  }

  /// Whether a function is one of libc's that take '...': called in the way of fixed arguments they would read what
  /// nobody has passed. A library may have another function under a name that is no printf and no scanf.
  private static func isVariadic(_ symbol: String, inLibC: Bool) -> Bool {
    var name = Substring(symbol)
    if name.hasPrefix("_IO_") { name = name.dropFirst(4) }
    // __printf_chk, __open64 and __isoc99_sscanf are what the headers make of them.
    if name.hasPrefix("__") {
      name = name.dropFirst(2)
      if name.hasSuffix("_chk") { name = name.dropLast(4) }
      if name.hasPrefix("isoc"), let end = name.firstIndex(of: "_") { name = name[name.index(after: end)...] }
    }
    return formatted.contains(String(name)) || inLibC && otherVariadics.contains(String(name))
  }

  private static let formatted: Set<String> = [
    "printf", "fprintf", "dprintf", "sprintf", "snprintf", "asprintf", "obstack_printf", "wprintf",
    "fwprintf",
    "swprintf", "scanf", "fscanf", "sscanf", "wscanf", "fwscanf", "swscanf",
  ]

  private static let otherVariadics: Set<String> = [
    "syslog", "open", "open64", "openat", "openat64", "fcntl", "fcntl64", "ioctl", "prctl", "syscall",
    "execl",
    "execlp", "execle", "err", "errx", "warn", "warnx", "error", "error_at_line", "semctl", "ulimit",
    "mremap",
    "ptrace", "clone", "makecontext", "mq_open", "sem_open", "strfmon", "strfmon_l", "argp_error",
    "argp_failure",
  ]

  private static func missingLibrary(_ library: String) -> ForeignError {
    let reason = dlerror().map { String(cString: $0) } ?? "the system does not say why"
    let isPath = library.contains("/")
    let help =
      if !isPath {
        "a name without '/' is looked for where the system keeps libraries: install it, or write './\(library)'"
      } else if access(library, F_OK) != 0 {
        "check the path; a relative one counts from the pipeline file or, without one, from the working directory"
      } else {
        "`ldd \(library)` shows what it needs"
      }
    return ForeignError(.missingLibrary, "cannot open the library '\(library)': \(reason)", help: help)
  }
}

/// libffi's description of a call, with the memory that it refers to.
final class CallInterface {
  let cif: UnsafeMutablePointer<ffi_cif>
  let count: Int
  private let types: UnsafeMutablePointer<UnsafeMutablePointer<ffi_type>?>

  init(returns: ForeignType, parameters: [ForeignType]) throws(ForeignError) {
    count = parameters.count
    types = .allocate(capacity: max(1, parameters.count))
    for (index, type) in parameters.enumerated() { (types + index).initialize(to: type.descriptor) }
    cif = .allocate(capacity: 1)
    cif.initialize(to: ffi_cif())
    let status = ty_ffi_prepare(cif, UInt32(parameters.count), returns.descriptor, types)
    guard status == FFI_OK else {
      throw ForeignError(.cannotPrepare, "libffi cannot prepare the call: status \(status.rawValue)")
    }
  }

  deinit {
    cif.deallocate()
    types.deallocate()
  }
}
