import CTrainyard
import ForeignCalls
import PluginHost
import Support
import Trainyard

/// Host and helper process, each with what the other side says.
let helperTargets = [
  FuzzTarget("helper", "A byte that says which instance and settings, then what its helpers say.", cost: 2) {
    bytes in
    guard let first = bytes.first else { return }
    HostOfScript(first, HelperScript(bytes.dropFirst())).drive(first & 7)
  },
  FuzzTarget("answer", "A byte that says which, then an answer: of a library's probe, of a C function.") {
    bytes in
    let body = Array(bytes.dropFirst())
    if bytes.first.map({ $0 % 2 }) == 0 {
      let answer = attempt { try LibraryProbe.components(answer: WireReader(body), nil) }
      guard case .success(let components)? = answer else { return }
      for component in components {
        let isSafe = component.id.utf8.allSatisfy { $0 > 0x2c && $0 < 0x7b && $0 != UInt8(ascii: "/") }
        require(isSafe && component.id.first != ".", "an id is safe in a file name")
        for row in component.options {
          guard let value = row.value(of: row.defaultText ?? "") else { continue }
          _ = row.fault(in: value)?.utf8.count
        }
      }
    } else {
      var reader = WireReader(body)
      guard case .failure(let fault)? = attempt({ try reader.functionAnswer(outputs: 2) }) else { return }
      _ = (fault.words.message.utf8.count, fault.words.help.utf8.count)
    }
  },
  FuzzTarget("request", "A byte that says which, then what a helper is told.") { bytes in
    let body = Array(bytes.dropFirst())
    var reader = WireReader(body)
    switch bytes.first.map({ $0 % 8 }) {
    case 0: checkWritten(attempt { try HelperSetup(body) }?.bytes) { try HelperSetup($0).bytes }
    case 1: checkWritten(attempt { written(try reader.options()) }) { written(try $0.options()) }
    case 2: checkWritten(attempt { written(try reader.state()) }) { written(try $0.state()) }
    case 3: checkWritten(attempt { written(try reader.pins()) }) { written(try $0.pins()) }
    case 4: checkWritten(attempt { written(try reader.spec()) }) { written(try $0.spec()) }
    case 5: _ = attempt { try HelperTask(&reader) }
    case 6:
      let weights = attempt { BorrowedWeights(try reader.list { r throws(WireFault) in try r.weight() }) }
      for weight in weights?.pointers ?? [] { _ = weight.map { String(cString: $0.pointee.name).utf8.count } }
    default:
      while let tensor = attempt({ try reader.tensor(in: 4096) }) {
        require((tensor?.offset ?? 0) <= 4096, "a tensor lies in its memory")
      }
      _ = attempt { try reader.list { reader throws(WireFault) in try reader.functionData() } }
    }
  },
]

// MARK: What is written reads back the same

private func checkWritten(_ bytes: [UInt8]?, _ again: ([UInt8]) throws -> [UInt8]) {
  guard let bytes else { return }
  require(attempt { try again(bytes) } == bytes, "what is written for a helper reads back the same")
}

private func checkWritten(_ bytes: [UInt8]?, _ again: (inout WireReader) throws -> [UInt8]) {
  checkWritten(bytes) { (bytes: [UInt8]) in
    var reader = WireReader(bytes)
    return try again(&reader)
  }
}

private func written(_ options: [String: PluginHost.OptionValue]) -> [UInt8] { written { $0.put(options) } }
private func written(_ state: SavedState) -> [UInt8] { written { $0.put(state) } }
private func written(_ pins: LibraryPins) -> [UInt8] { written { $0.put(pins) } }
private func written(_ spec: SpecValue) -> [UInt8] { written { $0.put(spec) } }

private func written(_ fill: (inout WireWriter) -> Void) -> [UInt8] {
  var writer = WireWriter()
  fill(&writer)
  return writer.bytes
}
