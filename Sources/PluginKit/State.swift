import CTrainyard

/// Where state is saved: keys and values.
public struct StateSink {
  let pointer: UnsafePointer<ty_sink>

  public func put(_ key: String, _ value: Int) { pointer.pointee.put_int(pointer, key, Int64(value)) }
  public func put(_ key: String, _ value: Double) { pointer.pointee.put_float(pointer, key, value) }
  public func put(_ key: String, _ text: String) {
    var text = text
    text.withUTF8 { pointer.pointee.put_bytes(pointer, key, $0.baseAddress, UInt64($0.count)) }
  }
  public func put(_ key: String, bytes: [UInt8]) {
    bytes.withUnsafeBytes { pointer.pointee.put_bytes(pointer, key, $0.baseAddress, UInt64($0.count)) }
  }
  /// Copied by the host.
  public func put(_ key: String, _ tensor: TensorView) {
    let layout = TensorLayout()
    withExtendedLifetime(layout) {
      withUnsafePointer(to: layout.tensor(tensor)) { pointer.pointee.put_tensor(pointer, key, $0) }
    }
  }

  /// Saves a `Codable` value key by key: nested values as `outer.inner`, elements as `list.0`.
  public func encode(_ value: some Encodable) throws {
    try StateEncoder.encode(value, to: self)
  }
}

/// Where state is loaded from. `nil`: there is no such key; a key of another type is an error.
public struct StateSource {
  let pointer: UnsafePointer<ty_source>

  public func int(_ key: String) throws -> Int? {
    var value: Int64 = 0
    return try found(pointer.pointee.get_int(pointer, key, &value), key, "an integer") ? Int(value) : nil
  }

  public func double(_ key: String) throws -> Double? {
    var value = 0.0
    return try found(pointer.pointee.get_float(pointer, key, &value), key, "a number") ? value : nil
  }

  public func bytes(_ key: String) throws -> [UInt8]? {
    var start: UnsafeRawPointer?
    var size: UInt64 = 0
    guard try found(pointer.pointee.get_bytes(pointer, key, &start, &size), key, "bytes") else { return nil }
    return Array(UnsafeRawBufferPointer(start: start, count: Int(size)))
  }

  public func text(_ key: String) throws -> String? {
    guard let bytes = try bytes(key) else { return nil }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw PluginError("the saved state is damaged: '\(key)' is not UTF-8")
    }
    return text
  }

  /// Valid until the load returns.
  public func tensor(_ key: String) throws -> TensorView? {
    var tensor = ty_tensor()
    guard try found(pointer.pointee.get_tensor(pointer, key, &tensor), key, "a tensor") else { return nil }
    guard let view = TensorView(tensor) else {
      throw PluginError("the saved state is damaged: '\(key)' is a tensor that cannot be read")
    }
    return view
  }

  public var keys: [String] {
    var keys: [String] = []
    while let key = pointer.pointee.key(pointer, UInt64(keys.count)) { keys.append(String(cString: key)) }
    return keys
  }

  /// Loads what `StateSink.encode` saved. A key that is missing keeps its value in `initial`.
  public func decode<T: Codable>(over initial: T) throws -> T {
    try StateDecoder.decode(over: initial, from: self)
  }

  private func found(_ answer: Int32, _ key: String, _ type: String) throws -> Bool {
    if answer < 0 { throw PluginError("the saved state is damaged: '\(key)' should be \(type)") }
    return answer > 0
  }
}
