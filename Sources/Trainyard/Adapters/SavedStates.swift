import CTrainyard
import PluginHost
import Training

// The state of an instance, between the plugin host's form and the loop's.

extension Training.StateTable {
  init(_ saved: SavedState) {
    self = saved.compactMapValues { value in
      switch value {
      case .int(let value): .int(value)
      case .float(let value): .float(value)
      case .bytes(let bytes): .bytes(bytes)
      case .tensor(let code, let bits, let shape, let bytes):
        Training.ElementType(ty_dtype(code: code, bits: bits, lanes: 1)).map {
          .tensor(type: $0, shape: shape.map { Int($0) }, bytes: bytes)
        }
      }
    }
  }

  var saved: SavedState {
    mapValues { value in
      switch value {
      case .int(let value): .int(value)
      case .float(let value): .float(value)
      case .bytes(let bytes): .bytes(bytes)
      case .tensor(let type, let shape, let bytes):
        .tensor(
          dtypeCode: type.cType.code, dtypeBits: type.cType.bits, shape: shape.map { Int64($0) }, bytes: bytes
        )
      }
    }
  }
}
