import PluginKit

/// The different texts of a column and their codes, for readers whose texts do not stay where they are.
public struct CategoryNames {
  private var codes: [[UInt8]: Int32] = [:]
  private var texts: [[UInt8]] = []

  public init() {}

  /// The code of a text in UTF-8, in the order in which they are met.
  public mutating func code(of text: [UInt8]) throws -> Int32 {
    if let code = codes[text] { return code }
    guard let code = Int32(exactly: texts.count) else {
      throw PluginError("a column has more than \(Int32.max) categories")
    }
    codes[text] = code
    texts.append(text)
    return code
  }

  /// Replaces codes by places in order, −1 aside, and gives the names in that order.
  public func sort(_ values: UnsafeMutableBufferPointer<Int32>) -> [String] {
    let order = categoryOrder(texts)
    var places = [Int32](repeating: 0, count: texts.count)
    for (place, code) in order.enumerated() { places[code] = Int32(place) }
    for row in values.indices where values[row] >= 0 { values[row] = places[Int(values[row])] }
    return order.map { String(decoding: texts[$0], as: UTF8.self) }
  }
}
