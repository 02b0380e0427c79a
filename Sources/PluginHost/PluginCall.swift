import CTrainyard

/// The functions of the tables that a host calls. The first twelve are the hooks by TY_HOOK_…
enum PluginCall: UInt8 {
  case onTrainBegin = 0
  case onTrainEnd, onEpochBegin, onEpochEnd, onBatchBegin, onBatchEnd, onOptimizerStep, onValidationBegin
  case onValidationEnd, onValidationBatchBegin, onValidationBatchEnd, onException
  case none, create, destroy, reset, stateSave, stateLoad
  case describe, trainStep, evaluate, weightCount, weight, assign, parameterName, parameterGet, parameterSet
  case snapshotTake, snapshotRestore, snapshotDrop
  case prepare, passBegin, update, compute, merge
  case rowCount, fieldCount, field, read, whole

  init(hook: Int) {
    self = UInt8(exactly: hook).flatMap(PluginCall.init(rawValue:)) ?? .none
  }

  var isHook: Bool { rawValue < UInt8(TY_HOOK_COUNT) }
  /// `[begin]` in the header.
  var isBegin: Bool { self == .onTrainBegin || self == .prepare }

  /// As the header has it: `on_epoch_end`, `train_step`.
  var name: String {
    var name = ""
    for character in "\(self)" {
      if character.isUppercase { name += "_" }
      name += character.lowercased()
    }
    return name
  }
}
