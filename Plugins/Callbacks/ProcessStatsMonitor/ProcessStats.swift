import Glibc

/// What the system says about this process.
struct ProcessStats {
  /// Processor time that all threads have used, in seconds.
  var processorSeconds: Double
  var threads: Int
  /// Memory that is in use now.
  var residentBytes: Int

  /// From `/proc/self/stat`; `nil` where that cannot be read.
  init?() {
    guard let text = Self.read("/proc/self/stat") else { return nil }
    self.init(stat: text, ticksPerSecond: sysconf(Int32(_SC_CLK_TCK)), pageSize: sysconf(Int32(_SC_PAGESIZE)))
  }

  /// The fields behind the program's name, which may have blanks and parentheses in it, are numbered from 3.
  init?(stat text: String, ticksPerSecond: Int, pageSize: Int) {
    guard let end = text.lastIndex(of: ")"), ticksPerSecond > 0 else { return nil }
    let fields = text[text.index(after: end)...].split { $0 == " " || $0 == "\n" }
    func field(_ number: Int) -> Int? { fields.count > number - 3 ? Int(fields[number - 3]) : nil }
    guard let user = field(14), let system = field(15), let threads = field(20), let pages = field(24) else {
      return nil
    }
    processorSeconds = (Double(user) + Double(system)) / Double(ticksPerSecond)
    self.threads = threads
    residentBytes = pages.multipliedReportingOverflow(by: pageSize).partialValue
  }

  private static func read(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = Glibc.read(file, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
  }
}
