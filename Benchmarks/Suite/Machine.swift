import Glibc
import Support

/// Where the figures come from.
struct Machine {
  /// Processor, cores, system, compiler.
  let text: String
  /// Of the last minute, in processes, when the measurement began.
  let load: Double

  init() {
    let processor = Self.value("model name", in: "/proc/cpuinfo") ?? "unknown processor"
    let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    let system = (Self.value("PRETTY_NAME", in: "/etc/os-release", separator: "=") ?? "Linux")
      .filter { $0 != "\"" }
    let kernel = ((try? readText("/proc/sys/kernel/osrelease")) ?? "").split(separator: "\n").first ?? ""
    text = "\(processor), \(cores) cores, \(system), Linux \(kernel), Swift \(Self.compiler)"
    let words = ((try? readText("/proc/loadavg")) ?? "").split(separator: " ")
    load = words.first.flatMap { Double($0) } ?? .nan
  }

  private static func value(_ key: String, in file: String, separator: Character = ":") -> String? {
    for line in ((try? readText(file)) ?? "").split(separator: "\n") where line.hasPrefix(key) {
      guard let sign = line.firstIndex(of: separator) else { continue }
      return String(line[line.index(after: sign)...].drop { $0 == " " })
    }
    return nil
  }

  private static var compiler: String {
    #if compiler(>=6.4)
      "6.4 or later"
    #elseif compiler(>=6.3)
      "6.3"
    #else
      "older than 6.3"
    #endif
  }
}
