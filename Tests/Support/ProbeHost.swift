import CTrainyard
import Glibc

/// The least of a host that `create` and `read` need: options, and a place for the words of a failure. All else
/// does nothing.
final class ProbeHost {
  let pointer: UnsafeMutablePointer<ty_host>
  private(set) var words = "failed without a word"
  private var options: [String: ProbeOption] = [:]
  private var texts: [UnsafeMutablePointer<CChar>] = []

  /// Options that are not given have their defaults. Throws for an unknown or missing one, and for a value of
  /// another type.
  init(_ component: UnsafePointer<ty_component>, options given: [String: [String]]) throws {
    pointer = .allocate(capacity: 1)
    pointer.initialize(to: ty_host())
    var rest = given
    for index in 0..<Int(component.pointee.option_count) {
      guard let row = component.pointee.options[index]?.pointee, let key = row.key else { continue }
      let name = String(cString: key)
      options[name] = try ProbeOption(row, given: rest.removeValue(forKey: name))
    }
    guard rest.isEmpty else { throw ProbeFailure("no such options: \(rest.keys.sorted())") }
    fillTable()
  }

  deinit {
    for text in texts { free(text) }
    pointer.deallocate()
  }

  private static func from(_ host: UnsafePointer<ty_host>?) -> ProbeHost? {
    host?.pointee.context.map { Unmanaged<ProbeHost>.fromOpaque($0).takeUnretainedValue() }
  }

  private static func option(_ host: UnsafePointer<ty_host>?, _ key: UnsafePointer<CChar>?) -> ProbeOption? {
    key.flatMap { from(host)?.options[String(cString: $0)] }
  }

  private func fillTable() {
    pointer.pointee.struct_size = UInt32(MemoryLayout<ty_host>.size)
    pointer.pointee.abi_major = UInt32(TY_ABI_MAJOR)
    pointer.pointee.abi_minor = UInt32(TY_ABI_MINOR)
    pointer.pointee.context = Unmanaged.passUnretained(self).toOpaque()
    pointer.pointee.fail = { host, text in
      if let text { ProbeHost.from(host)?.words = String(cString: text) }
    }
    pointer.pointee.option_count = { host, key in UInt64(ProbeHost.option(host, key)?.values.count ?? 0) }
    pointer.pointee.option_bool = { host, key, index in
      ProbeHost.option(host, key)?.value(index) == "true" ? 1 : 0
    }
    pointer.pointee.option_int = { host, key, index in
      ProbeHost.option(host, key)?.value(index).flatMap { Int64($0) } ?? 0
    }
    pointer.pointee.option_float = { host, key, index in
      ProbeHost.option(host, key)?.value(index).flatMap { Double($0) } ?? 0
    }
    pointer.pointee.option_text = { host, key, index in
      guard let text = ProbeHost.option(host, key)?.value(index), let copy = strdup(text) else { return nil }
      ProbeHost.from(host)?.texts.append(copy)
      return UnsafePointer(copy)
    }
    pointer.pointee.log = { _, _, _ in }
    pointer.pointee.service = { _, _ in nil }
    pointer.pointee.instance_name = { _ in nil }
    pointer.pointee.metric_want = { _, _, _ in 0 }
    pointer.pointee.metric_declare = { _, _, _, _ in 0 }
    pointer.pointee.metric_direction = { _, _ in UInt32(TY_DIRECTION_NONE) }
    pointer.pointee.metric_name = { _, _ in nil }
    pointer.pointee.publish = { _, _, _ in }
    pointer.pointee.publish_text = { _, _, _ in }
    pointer.pointee.publish_list = { _, _, _, _ in }
    pointer.pointee.stop = { _, _ in }
    pointer.pointee.status = { _, _ in }
  }
}

/// The values of one option, checked against its row.
private struct ProbeOption {
  var values: [String]

  init(_ row: ty_option, given: [String]?) throws {
    let key = String(cString: row.key)
    let isList = row.flags & UInt32(TY_OPTION_LIST) != 0
    if let given {
      values = given
    } else if let text = row.default_text {
      values = isList ? elements(of: String(cString: text)) : [unquoted(String(cString: text)[...])]
    } else if row.flags & UInt32(TY_OPTION_REQUIRED) != 0 {
      throw ProbeFailure("option '\(key)' is required")
    } else {
      values = []
    }
    guard isList || values.count <= 1 else { throw ProbeFailure("option '\(key)' is not a list") }
    for value in values {
      let fits =
        switch Int32(row.type) {
        case TY_OPTION_BOOL: ["true", "false"].contains(value)
        case TY_OPTION_INT: Int64(value) != nil
        case TY_OPTION_FLOAT, TY_OPTION_DURATION: Double(value) != nil
        case TY_OPTION_CHOICE:
          (0..<Int(row.choice_count)).contains { row.choices[$0].map { String(cString: $0) } == value }
        default: true
        }
      guard fits else { throw ProbeFailure("option '\(key)' cannot be '\(value)'") }
    }
  }

  func value(_ index: UInt64) -> String? { index < values.count ? values[Int(index)] : nil }
}

/// `[a, "b, c"]` → `a` and `b, c`.
private func elements(of list: String) -> [String] {
  var elements: [String] = []
  var start: String.Index?
  var isQuoted = false
  var isEscaped = false
  for index in list.indices.dropFirst() {
    let character = list[index]
    if !isQuoted, character == "," || character == "]" {
      if let first = start { elements.append(unquoted(list[first..<index])) }
      start = nil
    } else {
      if start == nil, character != " " { start = index }
      if character == "\"", !isEscaped { isQuoted.toggle() }
      isEscaped = character == "\\" && !isEscaped
    }
  }
  return elements
}

private func unquoted(_ text: Substring) -> String {
  guard text.count >= 2, text.first == "\"", text.last == "\"" else { return String(text) }
  let escapes: [Character: Character] = ["n": "\n", "t": "\t"]
  var result = ""
  var isEscaped = false
  for character in text.dropFirst().dropLast() {
    if isEscaped {
      result.append(escapes[character] ?? character)
      isEscaped = false
    } else if character == "\\" {
      isEscaped = true
    } else {
      result.append(character)
    }
  }
  return result
}
