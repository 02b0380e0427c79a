import CTrainyard

/// The model's weights, and snapshots of them. A slot (0 to 15) is a snapshot that the host keeps for the
/// instance, drops at reset and puts into checkpoints.
public struct Weights {
  let host: UnsafePointer<ty_host>
  let table: UnsafePointer<ty_weights_service>

  public var count: Int { Int(table.pointee.count(host)) }

  /// A read-only view, valid until the hook returns; `nil` where the index or the type is not known.
  public func view(_ index: Int) -> Weight? {
    var weight = ty_weight()
    weight.struct_size = UInt32(MemoryLayout<ty_weight>.size)
    guard table.pointee.view(host, UInt64(index), &weight) == TY_OK, let name = weight.name,
      let tensor = TensorView(weight.tensor)
    else { return nil }
    return Weight(name: String(cString: name), tensor: tensor, isTrainable: weight.trainable != 0)
  }

  public func isFilled(_ slot: Int) -> Bool { table.pointee.slot_filled(host, UInt32(slot)) != 0 }

  // Effects.

  /// slot := weights.
  public func take(_ slot: Int) { table.pointee.slot_take(host, UInt32(slot)) }
  /// weights := slot, if it is filled.
  public func restore(_ slot: Int) { table.pointee.slot_restore(host, UInt32(slot)) }
  /// Exchanges the two, if the slot is filled.
  public func swap(_ slot: Int) { table.pointee.slot_swap(host, UInt32(slot)) }
  /// slot := slotScale·slot + weightScale·weights; an empty slot is taken first.
  public func blend(_ slot: Int, slotScale: Double, weightScale: Double) {
    table.pointee.slot_blend(host, UInt32(slot), slotScale, weightScale)
  }
  public func drop(_ slot: Int) { table.pointee.slot_drop(host, UInt32(slot)) }
  /// Writes the weights as they are at that moment to a path relative to the run's folder.
  public func save(to path: String) { table.pointee.save(host, path) }
  /// Asks for a resumable checkpoint, which is taken at the next place where the run can be left: between two batches or two
  /// epochs, when every callback of the hook has run.
  public func markCheckpoint() { table.pointee.mark_checkpoint(host) }
}

/// Hyper-parameters of the model.
public struct Optimizer {
  let host: UnsafePointer<ty_host>
  let table: UnsafePointer<ty_optimizer_service>

  public var names: [String] {
    var names: [String] = []
    while let name = table.pointee.name(host, UInt64(names.count)) { names.append(String(cString: name)) }
    return names
  }

  /// `nil` when the model has none of that name. Setting is an effect.
  public func value(_ name: String) -> Double? {
    var value = 0.0
    // By withCString, here and below: a text given as an argument becomes an array first, in each batch.
    let status = name.withCString { table.pointee.get(host, $0, &value) }
    return status == TY_OK ? value : nil
  }

  public func set(_ name: String, to value: Double) {
    name.withCString { table.pointee.set(host, $0, value) }
  }
}

/// Files of the run, by paths relative to its folder.
public struct Files {
  let host: UnsafePointer<ty_host>
  let table: UnsafePointer<ty_files_service>

  /// In bytes; `nil` where there is no such file.
  public func size(_ path: String) -> Int? {
    let size = table.pointee.size(host, path)
    return size < 0 ? nil : Int(size)
  }

  // Effects.

  /// Makes the file empty, or makes it.
  public func start(_ path: String) { table.pointee.start(host, path) }
  public func append(_ path: String, _ text: String) {
    var text = text
    text.withUTF8 { table.pointee.append(host, path, $0.baseAddress, UInt64($0.count)) }
  }
  public func append(_ path: String, bytes: [UInt8]) {
    bytes.withUnsafeBytes { table.pointee.append(host, path, $0.baseAddress, UInt64($0.count)) }
  }
  /// Once earlier writes are safe.
  public func remove(_ path: String) { table.pointee.remove(host, path) }
}

/// Monitors that an instance adds to runs, as if the pipeline had named them.
public struct Monitors {
  let host: UnsafePointer<ty_host>
  let table: UnsafePointer<ty_monitors_service>

  /// Adds a monitor, with the defaults of its options. In `create`: to every run. In `onTrainBegin`: to the run that
  /// begins; the next one needs it again. What it declares is a metric like any other, also as `val_…`.
  public func add(_ monitor: (some Monitor).Type, as name: String) throws {
    guard table.pointee.add(host, component(of: monitor), name) == TY_OK else {
      throw PluginError(
        "the host cannot add the monitor '\(name)'", help: "is the name taken by another monitor?")
    }
  }
}

/// A random stream of the instance's own. The host sets it to its start before each reset.
public struct RandomStream: RandomNumberGenerator {
  let host: UnsafePointer<ty_host>
  let table: UnsafePointer<ty_random_service>

  public mutating func next() -> UInt64 { table.pointee.next(host) }
}

/// The host's clocks, in nanoseconds.
public struct Clock {
  let host: UnsafePointer<ty_host>
  let table: UnsafePointer<ty_clock_service>

  /// Never goes backwards.
  public var monotonic: Int64 { table.pointee.monotonic(host) }
  /// Since 1970, UTC.
  public var wall: Int64 { table.pointee.wall(host) }
}
