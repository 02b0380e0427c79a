import CTrainyard

/// A component's table of functions, copied to the full size that this host knows; what the plugin's table does
/// not have is NULL.
enum ComponentTable {
  case callback(ty_callback)
  case model(ty_model)
  case monitor(ty_monitor)
  case dataset(ty_dataset)

  /// A slot of a table: its name in the header, and whether it is filled.
  typealias Slot = (name: String, isFilled: Bool)

  init(_ kind: PluginKind, copying pointer: UnsafeRawPointer) {
    self =
      switch kind {
      case .callback: .callback(Foreign.copy(pointer, over: ty_callback()))
      case .model: .model(Foreign.copy(pointer, over: ty_model()))
      case .monitor: .monitor(Foreign.copy(pointer, over: ty_monitor()))
      case .dataset: .dataset(Foreign.copy(pointer, over: ty_dataset()))
      }
  }

  /// The size in bytes up to and including the last slot that is required of the kind. It never grows.
  static func requiredSize(_ kind: PluginKind) -> Int {
    let last =
      switch kind {
      case .callback: MemoryLayout<ty_callback>.offset(of: \.reset)
      case .model: MemoryLayout<ty_model>.offset(of: \.evaluate)
      case .monitor: MemoryLayout<ty_monitor>.offset(of: \.compute)
      case .dataset: MemoryLayout<ty_dataset>.offset(of: \.read)
      }
    return (last ?? 0) + MemoryLayout<UnsafeRawPointer>.size
  }

  var flags: UInt32 {
    switch self {
    case .callback(let table): table.flags
    case .model(let table): table.flags
    case .monitor(let table): table.flags
    case .dataset(let table): table.flags
    }
  }

  /// Slots that must be filled, in the order of the header.
  var requiredSlots: [Slot] {
    switch self {
    case .callback(let table):
      [("create", table.create != nil), ("destroy", table.destroy != nil), ("reset", table.reset != nil)]
    case .model(let table):
      [
        ("create", table.create != nil), ("destroy", table.destroy != nil), ("reset", table.reset != nil),
        ("describe", table.describe != nil), ("train_step", table.train_step != nil),
        ("evaluate", table.evaluate != nil),
      ]
    case .monitor(let table):
      [
        ("create", table.create != nil), ("destroy", table.destroy != nil), ("reset", table.reset != nil),
        ("update", table.update != nil || table.flags & UInt32(TY_MONITOR_SAMPLE) != 0),
        ("compute", table.compute != nil),
      ]
    case .dataset(let table):
      [
        ("create", table.create != nil), ("destroy", table.destroy != nil), ("reset", table.reset != nil),
        ("row_count", table.row_count != nil), ("field_count", table.field_count != nil),
        ("field", table.field != nil), ("read", table.read != nil),
      ]
    }
  }

  /// The hooks that a callback has, in the order of TY_HOOK_…; none of other kinds.
  var hooks: [String] {
    guard case .callback(let table) = self else { return [] }
    let functions = hookFunctions(table)
    return functions.indices.compactMap { functions[$0] == nil ? nil : hookNames[$0] }
  }

  /// The other slots that may be NULL.
  var optionalSlots: [Slot] {
    switch self {
    case .callback(let table):
      [("state_save", table.state_save != nil), ("state_load", table.state_load != nil)]
    case .model(let table):
      [
        ("state_save", table.state_save != nil), ("state_load", table.state_load != nil),
        ("weight_count", table.weight_count != nil), ("weight", table.weight != nil),
        ("assign", table.assign != nil), ("parameter_name", table.parameter_name != nil),
        ("parameter_get", table.parameter_get != nil), ("parameter_set", table.parameter_set != nil),
        ("snapshot_take", table.snapshot_take != nil), ("snapshot_restore", table.snapshot_restore != nil),
        ("snapshot_drop", table.snapshot_drop != nil),
      ]
    case .monitor(let table):
      [
        ("state_save", table.state_save != nil), ("state_load", table.state_load != nil),
        ("prepare", table.prepare != nil), ("pass_begin", table.pass_begin != nil),
        ("merge", table.merge != nil),
      ]
    case .dataset(let table):
      [
        ("state_save", table.state_save != nil), ("state_load", table.state_load != nil),
        ("whole", table.whole != nil),
      ]
    }
  }

  /// Slots that make sense only together.
  static let groups = [
    ["state_save", "state_load"], ["weight_count", "weight"], ["parameter_name", "parameter_get"],
    ["snapshot_take", "snapshot_restore", "snapshot_drop"],
  ]
}

/// The names of the hooks by TY_HOOK_…
let hookNames = [
  "on_train_begin", "on_train_end", "on_epoch_begin", "on_epoch_end", "on_batch_begin", "on_batch_end",
  "on_optimizer_step", "on_validation_begin", "on_validation_end", "on_validation_batch_begin",
  "on_validation_batch_end", "on_exception",
]

/// The hooks of a table by TY_HOOK_…
func hookFunctions(_ table: ty_callback) -> [ty_hook?] {
  [
    table.on_train_begin, table.on_train_end, table.on_epoch_begin, table.on_epoch_end, table.on_batch_begin,
    table.on_batch_end, table.on_optimizer_step, table.on_validation_begin, table.on_validation_end,
    table.on_validation_batch_begin, table.on_validation_batch_end, table.on_exception,
  ]
}
