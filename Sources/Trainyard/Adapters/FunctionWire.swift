import ForeignCalls
import PluginHost

// What host and helper tell each other about C functions.

/// What a call gave.
package struct FunctionValues {
  package var result: Double?
  package var outputs: [Double?] = []
}

/// Rows that a call is given: an array, or so many ones.
package struct FunctionData {
  var data: ForeignData
  /// `nil`: ones.
  var type: ForeignScalar?
  var count: Int
}

extension WireWriter {
  /// Which of all cases it is.
  mutating func put<T: CaseIterable & Equatable>(choice: T) {
    let index = T.allCases.firstIndex(of: choice).map {
      T.allCases.distance(from: T.allCases.startIndex, to: $0)
    }
    put(UInt8(truncatingIfNeeded: index ?? 255))
  }

  mutating func put(_ value: Double?) {
    put(value != nil)
    if let value { put(value) }
  }

  mutating func put(_ data: FunctionData) {
    put(choice: data.data)
    put(data.type != nil)
    if let type = data.type { put(choice: type) }
    put(Int64(data.count))
  }

  mutating func put(_ fault: FunctionFault) {
    switch fault {
    case .load(let error):
      put(UInt8(0))
      put(error)
    case .foreign(let error):
      put(UInt8(1))
      put(choice: error.code)
      put(error.message)
      put(error.help)
      put(Int64(error.argument ?? -1))
    case .other(let words):
      put(UInt8(2))
      put(words)
    }
  }

  package mutating func put(_ spec: SpecValue) {
    switch spec {
    case .null: put(UInt8(0))
    case .bool(let value):
      put(UInt8(1))
      put(value)
    case .int(let value):
      put(UInt8(2))
      put(value)
    case .float(let value):
      put(UInt8(3))
      put(value)
    case .text(let text):
      put(UInt8(4))
      put(text)
    case .list(let values):
      put(UInt8(5))
      put(list: values) { $0.put($1) }
    case .map(let entries):
      put(UInt8(6))
      put(list: entries) {
        $0.put($1.key)
        $0.put($1.value)
      }
    }
  }
}

extension WireReader {
  mutating func choice<T: CaseIterable>(of type: T.Type) throws(WireFault) -> T {
    let index = Int(try take(UInt8.self))
    guard let value = T.allCases.dropFirst(index).first else { throw WireFault("a choice that is none") }
    return value
  }

  mutating func optionalDouble() throws(WireFault) -> Double? { try bool() ? try take(Double.self) : nil }

  package mutating func functionData() throws(WireFault) -> FunctionData {
    let data = try choice(of: ForeignData.self)
    let type = try bool() ? try choice(of: ForeignScalar.self) : nil
    let count = try take(Int64.self)
    guard (0..<1 << 40).contains(count) else { throw WireFault("\(count) rows") }
    return FunctionData(data: data, type: type, count: Int(count))
  }

  mutating func functionFault() throws(WireFault) -> FunctionFault {
    switch try take(UInt8.self) {
    case 0: return .load(try loadError())
    case 1:
      let code = try choice(of: ForeignError.Code.self)
      let (message, help) = (try text(), try text())
      let argument = try take(Int64.self)
      return .foreign(
        ForeignError(
          code, message, help: help, argument: (0..<1024).contains(argument) ? Int(argument) : nil))
    case 2: return .other(try text())
    default: throw WireFault("an error of no kind")
    }
  }

  /// What a call gave: the result and the outputs.
  package mutating func functionAnswer(outputs: Int) throws(WireFault) -> Result<
    FunctionValues, FunctionFault
  > {
    guard try bool() else { return .failure(try functionFault()) }
    let result = try optionalDouble()
    let list = try list { reader throws(WireFault) in try reader.optionalDouble() }
    guard list.count == outputs else { throw WireFault("\(list.count) outputs") }
    return .success(FunctionValues(result: result, outputs: list))
  }

  /// - Parameter depth: A message may claim any number of lists in lists.
  package mutating func spec(depth: Int = 16) throws(WireFault) -> SpecValue {
    switch try take(UInt8.self) {
    case 0: return .null
    case 1: return .bool(try bool())
    case 2: return .int(try take(Int64.self))
    case 3: return .float(try take(Double.self))
    case 4: return .text(try text())
    case 5 where depth > 0:
      return .list(try list { reader throws(WireFault) in try reader.spec(depth: depth - 1) })
    case 6 where depth > 0:
      return .map(
        try list { reader throws(WireFault) in
          (key: try reader.text(), value: try reader.spec(depth: depth - 1))
        }
      )
    default: throw WireFault("a value of no kind")
    }
  }
}
