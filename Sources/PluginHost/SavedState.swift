/// One value of an instance's state.
public enum StateValue: Sendable, Equatable {
  case int(Int64)
  case float(Double)
  case bytes([UInt8])
  /// `dtypeCode` and `dtypeBits` as in DLPack (`TY_DTYPE_…`); `bytes` are the elements, row by row.
  case tensor(dtypeCode: UInt8, dtypeBits: UInt8, shape: [Int64], bytes: [UInt8])
}

/// What an instance has saved, by key. Loading none of it equals a reset.
public typealias SavedState = [String: StateValue]
