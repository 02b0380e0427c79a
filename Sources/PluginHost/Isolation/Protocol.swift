// What host and helper say to each other. They are built from one source; the first message says which.
//
// Each request carries a number that nobody can know before, and what is said about it begins with the same: a message
// that a plugin has written in its helper's place is no answer to anything, least of all to what is asked next.

/// Kinds of messages.
enum MessageKind: UInt32 {
  /// Helper: it is there. Version of the protocol, and what it has given up.
  case hello = 0x7479_0001
  /// Host: do this.
  case request
  /// Helper: done, with the effects that were asked for.
  case done
  /// Helper: the plugin failed, in its own words.
  case failed
  /// Helper, while it works: the instance asks its host.
  case query
  /// Host: the answer.
  case answer
  /// Host: memory that comes with the message, and which it is.
  case memory
}

let helperProtocolVersion: UInt32 = 2

/// What a helper is asked to do.
enum HelperCall: UInt8 {
  case probe = 1, create, destroy
  case reset, stateSave, stateLoad, hook
  case prepare, passBegin, update, compute
  case rowCount, fields, read, whole
  case modelReset, describe, trainStep, evaluate, weights, assign
  case parameterName, parameterGet, parameterSet, snapshotTake, snapshotRestore, snapshotDrop
}

/// What an instance asks its host while it is called.
enum HelperQuery: UInt8 {
  case wantMetric = 1, declareMetric, metricDirection, metricName
  case facts, weightCount, weight, slot, parameterName, parameter, fileSize
  case random, monotonic, wall
  case addMonitor
  /// So much memory for what the call gives: it is there before the answer.
  case room
}

/// The memory that both sides see.
enum SharedUse: UInt8 {
  /// Values of metrics, for the event of a hook.
  case event = 0
  /// Batches and weights on their way to the helper.
  case input
  /// Rows and predictions on their way back: the helper writes it.
  case output
  /// Weights on their way back, which stay there until they are asked for again: the helper writes it.
  case weights
  /// Answers of callbacks that are told of a hook in one message: the helper writes it.
  case answers

  /// Whether the helper can write to it.
  var isWritable: Bool { self == .output || self == .weights || self == .answers }
}

/// Where pieces of data lie in an area: one after the other, each at the start of a cache line.
struct AreaLayout {
  private(set) var size = 0

  mutating func place(_ count: Int) -> Int {
    let start = (size + 63) & ~63
    size = start + count
    return start
  }
}
