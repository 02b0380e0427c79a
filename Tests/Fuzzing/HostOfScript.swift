import CTrainyard
import PluginHost
import Support

/// A host that makes an instance in a helper and calls it, whatever comes back.
struct HostOfScript {
  private let group: HelperGroup
  private var settings = IsolationSettings()
  private let services = RecordingServices()

  /// - Parameter how: Bits from 3 on: what happens when a helper dies; whether it is shared.
  init(_ how: UInt8, _ script: HelperScript) {
    settings.onCrash = IsolationSettings.CrashPolicy.allCases[Int(how >> 3 & 3) % 3]
    group = HelperGroup(name: "it", isShared: how & 32 != 0) { () throws(HelperDeath) in try script.start() }
    services.weights = [("w", OwnedTensor([Float](repeating: 1, count: 4), shape: [2, 2]))]
    services.parameters = [("learning_rate", 0.1)]
    services.facts = ty_run_facts()
    services.filledSlots = [3]
    services.fileSizes = ["log": 7]
  }

  func drive(_ which: UInt8) {
    switch which {
    case 0, 1: _ = attempt { try driveCallback() }
    case 2: _ = attempt { try driveMonitor() }
    case 3, 4: _ = attempt { try driveDataset() }
    case 5, 6: _ = attempt { try driveModel() }
    default: _ = attempt { try driveGuest() }
    }
  }

  private func component(_ kind: PluginKind) -> ComponentDescription {
    ComponentDescription(
      kind: kind, id: "it", version: "1", summary: "", options: [],
      library: LibraryFacts(path: "/libit.so", abi: "0.1"), hooks: [],
      slots: ["state_save", "state_load", "snapshot_take"], flags: 0)
  }

  // MARK: Each kind

  private func driveCallback() throws {
    let callback = try RemoteCallback(
      group, component: component(.callback), name: "it", options: ["x": .int(1)], settings: settings,
      services: services)
    _ = attempt { try callback.reset() }
    _ = attempt { try callback.loadState(["a": .int(1)]) }
    let hooks = [TY_HOOK_TRAIN_BEGIN, TY_HOOK_BATCH_END, TY_HOOK_BATCH_END, TY_HOOK_EPOCH_END]
    for hook in hooks { _ = attempt { try call(callback, hook) } }
    _ = attempt { try callback.saveState() }
  }

  private func call(_ callback: RemoteCallback, _ hook: Int32) throws {
    let (values, present) = ([0.5, .nan], [UInt64(1)])
    try values.withUnsafeBufferPointer { values in
      try present.withUnsafeBufferPointer { present in
        var event = ty_event()
        event.struct_size = UInt32(MemoryLayout<ty_event>.size)
        event.hook = UInt32(bitPattern: hook)
        event.metric_count = 2
        event.values = values.baseAddress
        event.present = present.baseAddress
        try callback.call(Int(hook), &event)
      }
    }
  }

  private func driveMonitor() throws {
    let monitor = try RemoteMonitor(
      group, component: component(.monitor), name: "it", options: [:], settings: settings, services: services)
    _ = attempt { try monitor.reset() }
    _ = attempt { try withTask { try monitor.prepare($0) } }
    _ = attempt { try monitor.passBegin(1) }
    let sample = Sample()
    for _ in 0..<2 {
      _ = attempt {
        try sample.withBatch { batch in
          var prediction = sample.features.tensor
          try monitor.update(batch, &prediction)
        }
      }
    }
    _ = attempt { try monitor.compute() }
    _ = attempt { try monitor.saveState() }
  }

  private func driveDataset() throws {
    let dataset = try RemoteDataset(
      group, component: component(.dataset), name: "it", options: [:], settings: settings, services: services)
    _ = attempt { try dataset.reset() }
    if let count = attempt({ try dataset.rowCount() }) { require(count >= 0, "a count of rows") }
    for field in attempt({ try dataset.fields() }) ?? [] {
      require(field.width > 0, "a row has numbers")
      require(field.categories.isEmpty || field.categories.count == field.categoryCount, "codes have names")
    }
    let output = OwnedTensor([Float](repeating: 0, count: 6), shape: [2, 3])
    var tensor = output.tensor
    _ = attempt {
      try withUnsafeMutablePointer(to: &tensor) { tensor in
        let outputs: [UnsafeMutablePointer<ty_tensor>?] = [tensor, nil]
        try outputs.withUnsafeBufferPointer { outputs in
          try [Int64(0), 1].withUnsafeBufferPointer {
            try dataset.read(rows: $0, seed: 1, epoch: 0, into: outputs)
          }
        }
      }
    }
  }

  private func driveModel() throws {
    let model = try RemoteModel(
      group, component: component(.model), name: "it", options: [:], settings: settings, services: services)
    _ = attempt { try withTask { try model.reset(seed: 1, task: $0) } }
    if let facts = attempt({ try model.describe() }) {
      require(facts.task == UInt32(TY_TASK_CLASSES) && facts.width == 3, "a model is one for its task")
    }
    let sample = Sample()
    var step = ty_step()
    _ = attempt { try sample.withBatch { try model.trainStep($0, &step) } }
    for index in 0..<3 {
      _ = attempt { try model.parameterName(index) }
      var weight = ty_weight()
      _ = attempt {
        try model.weight(index, into: &weight)
        return String(cString: weight.name).utf8.count
      }
    }
    _ = attempt { try model.parameter("learning_rate") }
    _ = attempt { try model.setParameter("learning_rate", 0.5) }
    _ = attempt { try model.takeSnapshot(0) }
    _ = attempt { try model.restoreSnapshot(0) }
    _ = attempt { try sample.withBatch { try model.evaluate($0, &step) } }
    _ = attempt { try model.saveState() }
  }

  private func driveGuest() throws {
    let guest = try RemoteGuest(
      group, GuestCreation("it", [1]), kind: .monitor, name: "it", hasState: true, pins: nil,
      settings: settings, services: services)
    _ = guest.report.count
    _ = attempt { try guest.reset() }
    let row: [Float] = [1, 2]
    for _ in 0..<2 {
      _ = attempt {
        try row.withUnsafeBytes {
          try guest.call("update", [7], [$0], endsEpoch: true) { reader throws(WireFault) in
            var reader = reader
            _ = try reader.text()
          }
        }
      }
    }
  }

  // MARK: What they are given

  private func withTask(_ body: (UnsafePointer<ty_task>) throws -> Void) rethrows {
    try [Int64(3)].withUnsafeBufferPointer { shape in
      var task = ty_task()
      task.struct_size = UInt32(MemoryLayout<ty_task>.size)
      task.task = UInt32(TY_TASK_CLASSES)
      task.feature_ndim = 1
      task.feature_shape = shape.baseAddress
      task.output_width = 3
      try body(&task)
    }
  }
}

/// Two rows of three numbers, with their classes.
private final class Sample {
  let features = OwnedTensor([Float](repeating: 0.5, count: 6), shape: [2, 3])
  private let target = OwnedTensor([Int32(0), 2], shape: [2])

  func withBatch(_ body: (UnsafePointer<ty_batch>) throws -> Void) rethrows {
    var batch = ty_batch()
    batch.struct_size = UInt32(MemoryLayout<ty_batch>.size)
    batch.rows = 2
    batch.features = features.tensor
    batch.target = target.tensor
    try body(&batch)
  }
}
