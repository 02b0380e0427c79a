import CTrainyard
import Glibc

/// The tables behind `host->service`. They are the same for every instance: each function is given the instance's
/// host. Made once, never changed.
enum ServiceTables {
  /// Asked in each batch by callbacks that look at the clock or the optimizer: no text is made of the id.
  static func table(_ id: UnsafePointer<CChar>) -> UnsafeRawPointer? {
    let known = ids
    for index in 0..<idCount where strcmp(id, known[index].id) == 0 { return known[index].table }
    return nil
  }

  // The collective service is not among them: there is one process.
  private static let idCount = 7
  nonisolated(unsafe) private static let ids:
    UnsafeMutablePointer<
      (id: UnsafePointer<CChar>, table: UnsafeRawPointer)
    > = {
      let rows = UnsafeMutablePointer<(id: UnsafePointer<CChar>, table: UnsafeRawPointer)>.allocate(
        capacity: idCount)
      let tables: [(String, UnsafeRawPointer)] = [
        (TY_SERVICE_RUN, UnsafeRawPointer(run)), (TY_SERVICE_WEIGHTS, UnsafeRawPointer(weights)),
        (TY_SERVICE_OPTIMIZER, UnsafeRawPointer(optimizer)), (TY_SERVICE_FILES, UnsafeRawPointer(files)),
        (TY_SERVICE_RANDOM, UnsafeRawPointer(random)), (TY_SERVICE_CLOCK, UnsafeRawPointer(clock)),
        (TY_SERVICE_MONITORS, UnsafeRawPointer(monitors)),
      ]
      for (index, (id, table)) in tables.enumerated() {
        (rows + index).initialize(to: (UnsafePointer(copyText(id)), table))
      }
      return rows
    }()

  nonisolated(unsafe) static let emptyText: UnsafePointer<CChar>? = UnsafePointer(copyText(""))

  nonisolated(unsafe) private static let run = immortal(ty_run_service()) { table in
    table.struct_size = UInt32(MemoryLayout<ty_run_service>.size)
    table.facts = { host in withInstance(host, nil) { $0.services.runFacts } }
  }

  nonisolated(unsafe) private static let weights = immortal(ty_weights_service()) { table in
    table.struct_size = UInt32(MemoryLayout<ty_weights_service>.size)
    table.count = { host in
      inHook(host, "weights: count", 0) { UInt64(max(0, $0.services.weightCount)) }
    }
    table.view = { host, index, weight in
      inHook(host, "weights: view", TY_FAILED) { view($0, index, weight) }
    }
    table.slot_filled = { host, slot in
      withSlot(host, slot, "slot_filled", 0) { $0.isSlotFilled($1) ? 1 : 0 }
    }
    table.assign = { host, weights, count in
      inHook(host, "weights: assign", ()) { assign($0, weights, count) }
    }
    table.slot_take = { host, slot in withSlot(host, slot, "slot_take", ()) { $0.slotTake($1) } }
    table.slot_restore = { host, slot in withSlot(host, slot, "slot_restore", ()) { $0.slotRestore($1) } }
    table.slot_swap = { host, slot in withSlot(host, slot, "slot_swap", ()) { $0.slotSwap($1) } }
    table.slot_blend = { host, slot, slotScale, weightScale in
      withSlot(host, slot, "slot_blend", ()) {
        $0.slotBlend($1, slotScale: slotScale, weightScale: weightScale)
      }
    }
    table.slot_drop = { host, slot in withSlot(host, slot, "slot_drop", ()) { $0.slotDrop($1) } }
    table.save = { host, path in withPath(host, path, "weights: save", ()) { $0.saveWeights($1) } }
    table.mark_checkpoint = { host in
      inHook(host, "mark_checkpoint", ()) { $0.services.markCheckpoint() }
    }
  }

  nonisolated(unsafe) private static let optimizer = immortal(ty_optimizer_service()) { table in
    table.struct_size = UInt32(MemoryLayout<ty_optimizer_service>.size)
    table.name = { host, index in
      inHook(host, "optimizer: name", nil) { context in
        Int(exactly: index).flatMap { context.services.parameterName($0) }
      }
    }
    table.get = { host, name, value in
      inHook(host, "optimizer: get", TY_FAILED) { context in
        guard let name = text(context, name, "optimizer: get: the name") else { return TY_FAILED }
        guard let value else {
          context.misuse("optimizer: get: the place for the value is NULL")
          return TY_FAILED
        }
        guard let found = context.services.parameter(name) else { return TY_UNSUPPORTED }
        value.pointee = found
        return TY_OK
      }
    }
    table.set = { host, name, value in
      inHook(host, "optimizer: set", ()) { context in
        guard let name = text(context, name, "optimizer: set: the name") else { return }
        context.services.setParameter(name, value)
      }
    }
  }

  nonisolated(unsafe) private static let files = immortal(ty_files_service()) { table in
    table.struct_size = UInt32(MemoryLayout<ty_files_service>.size)
    table.size = { host, path in withFile(host, path, "files: size", -1) { $0.fileSize($1) } }
    table.start = { host, path in withFile(host, path, "files: start", ()) { $0.startFile($1) } }
    table.append = { host, path, bytes, size in
      inHookOrCompute(host, "files: append", ()) { context in
        guard let path = text(context, path, "files: append: the path") else { return }
        guard let count = Int(exactly: size), bytes != nil || count == 0 else {
          return context.misuse("files: append to '\(path)': \(bytes == nil ? "NULL for " : "")\(size) bytes")
        }
        context.services.appendFile(path, UnsafeRawBufferPointer(start: bytes, count: count))
      }
    }
    table.remove = { host, path in withFile(host, path, "files: remove", ()) { $0.removeFile($1) } }
  }

  nonisolated(unsafe) private static let random = immortal(ty_random_service()) { table in
    table.struct_size = UInt32(MemoryLayout<ty_random_service>.size)
    table.next = { host in withInstance(host, 0) { $0.services.nextRandom() } }
  }

  nonisolated(unsafe) private static let clock = immortal(ty_clock_service()) { table in
    table.struct_size = UInt32(MemoryLayout<ty_clock_service>.size)
    table.monotonic = { host in withInstance(host, 0) { $0.services.monotonicNanoseconds() } }
    table.wall = { host in withInstance(host, 0) { $0.services.wallNanoseconds() } }
  }

  nonisolated(unsafe) private static let monitors = immortal(ty_monitors_service()) { table in
    table.struct_size = UInt32(MemoryLayout<ty_monitors_service>.size)
    table.add = { host, component, name in
      inBegin(host, "monitors: add", TY_FAILED) { addMonitor($0, component, name) }
    }
  }

  // MARK: - Checks

  private static func immortal<T>(_ zero: T, _ fill: (inout T) -> Void) -> UnsafePointer<T> {
    var table = zero
    fill(&table)
    let pointer = UnsafeMutablePointer<T>.allocate(capacity: 1)
    pointer.initialize(to: table)
    return UnsafePointer(pointer)
  }
}

private let slotCount: UInt32 = 16

private func withSlot<R>(
  _ host: UnsafePointer<ty_host>?, _ slot: UInt32, _ function: String, _ otherwise: R,
  _ body: (any HostServices, Int) -> R
) -> R {
  inHook(host, function, otherwise) { context in
    guard slot < slotCount else {
      context.misuse("\(function): slot \(slot) does not exist; slots are 0 to \(slotCount - 1)")
      return otherwise
    }
    return body(context.services, Int(slot))
  }
}

private func withPath<R>(
  _ host: UnsafePointer<ty_host>?, _ path: UnsafePointer<CChar>?, _ function: String, _ otherwise: R,
  _ body: (any HostServices, String) -> R
) -> R {
  inHook(host, function, otherwise) { context in
    guard let path = text(context, path, "\(function): the path") else { return otherwise }
    return body(context.services, path)
  }
}

/// As `withPath`, also in a monitor's `compute`.
private func withFile<R>(
  _ host: UnsafePointer<ty_host>?, _ path: UnsafePointer<CChar>?, _ function: String, _ otherwise: R,
  _ body: (any HostServices, String) -> R
) -> R {
  inHookOrCompute(host, function, otherwise) { context in
    guard let path = text(context, path, "\(function): the path") else { return otherwise }
    return body(context.services, path)
  }
}

private func text(
  _ context: InstanceContext, _ start: UnsafePointer<CChar>?, _ what: String
) -> String? {
  do {
    return try Foreign.text(start)
  } catch {
    context.misuse("\(what) is \(error.words)")
    return nil
  }
}

private func view(
  _ context: InstanceContext, _ index: UInt64, _ weight: UnsafeMutablePointer<ty_weight>?
) -> ty_status {
  guard let weight else {
    context.misuse("weights: view: the place for the weight is NULL")
    return TY_FAILED
  }
  // Never write past what the plugin was compiled with: fill a whole one, then give the part that fits.
  var whole = ty_weight()
  whole.struct_size = UInt32(MemoryLayout<ty_weight>.size)
  guard let index = Int(exactly: index), context.services.weight(index, into: &whole) else {
    context.say("the model has no weight number \(index)")
    return TY_FAILED
  }
  let room = Foreign.size(weight)
  guard room >= MemoryLayout<UInt64>.size, room <= ModuleReader.longestStruct else {
    context.misuse("weights: view: struct_size is \(room); set it to sizeof(ty_weight) before the call")
    return TY_FAILED
  }
  let size = min(room, MemoryLayout<ty_weight>.size)
  whole.struct_size = UInt32(size)
  withUnsafeBytes(of: whole) {
    UnsafeMutableRawPointer(weight).copyMemory(from: $0.baseAddress ?? .init(weight), byteCount: size)
  }
  return TY_OK
}

private func assign(
  _ context: InstanceContext, _ weights: UnsafePointer<UnsafePointer<ty_weight>?>?, _ count: UInt64
) {
  guard count <= mostElements, weights != nil || count == 0 else {
    return context.misuse("weights: assign: \(weights == nil ? "NULL for " : "")\(count) weights")
  }
  let list = UnsafeBufferPointer(start: weights, count: Int(count))
  for (index, weight) in list.enumerated() {
    guard let weight else { return context.misuse("weights: assign: weight \(index) is NULL") }
    if let fault = WeightCheck.fault(weight) {
      return context.misuse("weights: assign: weight \(index) \(fault)")
    }
  }
  context.services.assignWeights(list)
}

private func addMonitor(
  _ context: InstanceContext, _ component: UnsafePointer<ty_component>?, _ name: UnsafePointer<CChar>?
) -> ty_status {
  guard let component else {
    context.misuse("monitors: add: the component is NULL")
    return TY_FAILED
  }
  let owner = context.component
  do {
    let library = LibraryFacts(
      path: owner.libraryPath, abi: owner.abi, license: owner.license, author: owner.author)
    let description = try ModuleReader(path: owner.libraryPath).component(component, index: 0, of: library)
    guard description.kind == .monitor else {
      context.misuse("monitors: add: '\(description.id)' is a \(description.kind.name)")
      return TY_FAILED
    }
    if let option = description.options.first(where: \.isRequired) {
      context.misuse("monitors: add: '\(description.id)' has a required option '\(option.key)'")
      return TY_FAILED
    }
    guard let name = text(context, name, "monitors: add: the name") else { return TY_FAILED }
    try context.services.addMonitor(description, name: name)
    return TY_OK
  } catch let fault as LoadFault {
    context.misuse("monitors: add: \(fault.error(at: owner.libraryPath).detail)")
  } catch {
    // The host cannot add it; whether that is a failure is the plugin's to say.
    context.say("\(error)")
  }
  return TY_FAILED
}
