import ForeignCalls
import PluginHost

/// In a helper: a C function. It is opened there and nowhere else, by the rules that hold for plugins, and what is wrong
/// with it is told in the words that the host would have used.
final class FunctionGuest: HelperGuest {
  static let kind = "c-function"

  private let opened: Result<ForeignCall, FunctionFault>

  /// - Parameter creation: As `creation(of:)` writes it.
  init(_ creation: [UInt8]) throws {
    var reader = WireReader(creation)
    let (library, symbol, returns) = (try reader.text(), try reader.text(), try reader.text())
    let specs = try reader.list { reader throws(WireFault) in try reader.spec() }
    opened = Result { () throws(FunctionFault) in
      do {
        let signature = ForeignSignature(
          library: library, symbol: symbol, returns: try ForeignType(returns),
          arguments: try SignatureReader().arguments(specs))
        return try ForeignCall(opening: signature, pins: LibraryPins.ofHelper.withLock { $0 })
      } catch { throw FunctionFault(error) }
    }
  }

  /// What it is made of.
  static func creation(of function: FunctionConfig) -> GuestCreation {
    var writer = WireWriter()
    writer.put(function.signature.library)
    writer.put(function.signature.symbol)
    writer.put(function.signature.returns.description)
    writer.put(list: function.arguments.elements) { $0.put(SpecValue($1)) }
    return GuestCreation(kind, writer.bytes)
  }

  /// Whether it could be opened.
  var report: [UInt8] {
    var writer = WireWriter()
    switch opened {
    case .success: writer.put(true)
    case .failure(let fault):
      writer.put(false)
      writer.put(fault)
    }
    return writer.bytes
  }

  func reset() { (try? opened.get())?.reset() }

  func saveState() -> SavedState { ["context": .bytes((try? opened.get())?.contextBytes ?? [])] }

  func loadState(_ saved: SavedState) {
    if case .bytes(let bytes)? = saved["context"] { (try? opened.get())?.contextBytes = bytes }
  }

  func call(_ body: [UInt8], _ arrays: [UnsafeRawBufferPointer]) throws -> [UInt8] {
    var writer = WireWriter()
    do {
      let call = try opened.get()
      try bind(call, body, arrays)
      call()
      writer.put(true)
      writer.put(call.result)
      writer.put(list: Array(call.outputNames.indices)) { $0.put(call.output($1)) }
    } catch let fault as WireFault {
      throw fault
    } catch {
      writer.put(false)
      writer.put(FunctionFault(error))
    }
    return writer.bytes
  }

  private func bind(_ call: ForeignCall, _ body: [UInt8], _ arrays: [UnsafeRawBufferPointer]) throws {
    var reader = WireReader(body)
    let data = try reader.list { reader throws(WireFault) in try reader.functionData() }
    var arrays = arrays[...]
    for data in data {
      guard let type = data.type else {
        call.bindOnes(data.data, count: data.count)
        continue
      }
      guard let array = arrays.popFirst(), array.count / type.size == data.count, let base = array.baseAddress
      else { throw WireFault("rows without their memory") }
      try call.bind(data.data, to: ForeignArray(base, type, count: data.count))
    }
    let quantities = try reader.list { reader throws(WireFault) in
      (try reader.choice(of: ForeignQuantity.self), Int(try reader.take(Int64.self)))
    }
    for (quantity, value) in quantities { try call.set(quantity, to: value) }
    let metrics = try reader.list { reader throws(WireFault) in
      (try reader.text(), try reader.take(Double.self))
    }
    for (name, value) in metrics { call.set(metric: name, to: value) }
  }
}

extension ForeignCall {
  /// Opens the library, if it may be opened, and finds the function. Of a pinned library what was compared is what is
  /// opened.
  convenience init(opening signature: ForeignSignature, pins: LibraryPins?) throws {
    var signature = signature
    if signature.library.contains("/") {
      try LibraryTrust.check(signature.library)
      if let pins { signature.library = try PinnedLibrary.verify(signature.library, pins).path }
    }
    try self.init(ForeignFunction(signature))
  }
}

/// Why a function cannot be opened or called.
package enum FunctionFault: Error {
  case foreign(ForeignError)
  case load(LoadError)
  case other(String)

  init(_ error: any Error) {
    switch error {
    case let fault as FunctionFault: self = fault
    case let error as ForeignError: self = .foreign(error)
    case let error as LoadError: self = .load(error)
    default: self = .other("\(error)")
    }
  }

  /// The error itself.
  var cause: any Error {
    switch self {
    case .foreign(let error): error
    case .load(let error): error
    case .other(let words): ForeignError(.cannotPrepare, words)
    }
  }

  /// As a person reads it.
  package var words: (message: String, help: String) {
    switch self {
    case .foreign(let error): (error.message, error.help)
    case .load(let error): ("cannot open the library '\(error.path)': \(error.detail)", error.remedy)
    case .other(let words): (words, "")
    }
  }
}
