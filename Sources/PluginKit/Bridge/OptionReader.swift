import CTrainyard

/// Reads the user's options out of the host while `create` runs.
public struct OptionReader {
  let host: UnsafePointer<ty_host>

  func count(_ key: String) -> Int { Int(host.pointee.option_count(host, key)) }
  func bool(_ key: String, _ index: Int) -> Bool { host.pointee.option_bool(host, key, UInt64(index)) != 0 }
  func int(_ key: String, _ index: Int) -> Int { Int(host.pointee.option_int(host, key, UInt64(index))) }
  func double(_ key: String, _ index: Int) -> Double { host.pointee.option_float(host, key, UInt64(index)) }
  func text(_ key: String, _ index: Int) -> String {
    host.pointee.option_text(host, key, UInt64(index)).map { String(cString: $0) } ?? ""
  }
}
