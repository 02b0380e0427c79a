import CProcess
import CTrainyard
import Glibc
import Synchronization

/// The helper process: instances of plugins that are called over a line instead of directly.
///
/// The program that is started for it calls `runIfAsked` before anything else: start-up is then cheap, and there are
/// no threads yet when the process gives up what it does not need.
public enum HelperProgram {
  /// The hidden first argument.
  static let argument = "__trainyard-helper"
  /// A variable that names the program to start, for programs that embed the host.
  public static let variable = "TRAINYARD_HELPER"

  /// Becomes the helper, and never returns, when this process was started as one.
  public static func runIfAsked() {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, arguments[1] == argument, let socket = Int32(arguments[2]) else { return }
    _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
    signal(SIGPIPE, SIG_IGN)
    // The host decides when the run ends, also after Ctrl-C in its terminal.
    signal(SIGINT, SIG_IGN)
    HelperDesk(HelperLine(socket: socket)).serve()
  }

  private static let chosen = Mutex<String?>(nil)

  /// The program that is started as a helper, whatever else could be found.
  public static func setExecutable(_ path: String?) { chosen.withLock { $0 = path } }

  /// What is started as a helper: `$TRAINYARD_HELPER`, else this program when it is `trainyard`, else the `trainyard`
  /// beside it, in `../bin` of it, or in `PATH`. `nil`: there is none.
  public static func executable(
    variable: (String) -> String? = PluginSearch.environmentVariable
  ) -> String? {
    if let chosen = chosen.withLock({ $0 }) { return chosen }
    if let given = variable(Self.variable) { return given }
    guard let path = realpath("/proc/self/exe", nil) else { return nil }
    defer { free(path) }
    let program = String(cString: path)
    guard let slash = program.lastIndex(of: "/") else { return nil }
    if program[slash...] == "/trainyard" { return "/proc/self/exe" }
    let folder = String(program[..<slash])
    let folders =
      [folder, folder + "/../bin"]
      + (variable("PATH") ?? "").split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
    return folders.map { $0 + "/trainyard" }.first { access($0, X_OK) == 0 }
  }
}

/// What a helper may do beside its work.
package struct HelperSetup {
  var memory: UInt64 = 0
  var openFiles: UInt64 = 1024
  var allowsNetwork = false
  var writable: [String] = []
  /// Libraries are opened only as these say.
  var pins: LibraryPins?

  package var bytes: [UInt8] {
    var writer = WireWriter()
    writer.put(helperProtocolVersion)
    writer.put(memory)
    writer.put(openFiles)
    writer.put(allowsNetwork)
    writer.put(list: writable) { $0.put($1) }
    writer.put(pins != nil)
    if let pins { writer.put(pins) }
    return writer.bytes
  }

  init() {}

  package init(_ bytes: [UInt8]) throws(WireFault) {
    var reader = WireReader(bytes)
    guard try reader.take(UInt32.self) == helperProtocolVersion else { throw WireFault("another protocol") }
    memory = try reader.take(UInt64.self)
    openFiles = try reader.take(UInt64.self)
    allowsNetwork = try reader.bool()
    writable = try reader.list { reader throws(WireFault) in try reader.text() }
    pins = try reader.bool() ? try reader.pins() : nil
  }

  /// Gives up for ever what is not in it. Returns `TY_CONFINED_…`.
  func apply() -> UInt32 {
    var folders = writable.map { UnsafePointer<CChar>?(UnsafePointer(copyText($0))) }
    defer { for folder in folders { folder?.deallocate() } }
    return folders.withUnsafeMutableBufferPointer { folders in
      var how = ty_confinement()
      how.memory = memory
      how.open_files = openFiles
      how.allows_network = allowsNetwork ? 1 : 0
      how.writable = UnsafePointer(folders.baseAddress)
      how.writable_count = folders.count
      var confined: UInt32 = 0
      _ = ty_confine(&how, &confined)
      return confined
    }
  }
}
