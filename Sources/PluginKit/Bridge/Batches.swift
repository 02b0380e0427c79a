import CTrainyard

extension Batch {
  /// The host's batch in Swift's words. The memory stays the host's.
  init(_ batch: ty_batch) throws {
    guard let features = TensorView(batch.features) else {
      throw PluginError("a batch whose features have a type or layout that cannot be read")
    }
    pass = Pass(rawValue: batch.pass) ?? .train
    rows = Int(batch.rows)
    dataID = batch.data_id
    endsPass = batch.ends_pass != 0
    self.features = features
    target = TensorView(batch.target)
    weight = TensorView(batch.weight)
    group = TensorView(batch.group)
  }
}

extension TaskDescription {
  init(_ task: ty_task) throws {
    guard let kind = TaskKind(rawValue: task.task) else {
      throw PluginError("task \(task.task) is not known to this plugin")
    }
    self.kind = kind
    featureShape = UnsafeBufferPointer(start: task.feature_shape, count: Int(task.feature_ndim)).map {
      Int($0)
    }
    outputWidth = Int(task.output_width)
    classNames = []
    if let names = task.class_names {
      let count = kind == .binary ? 2 : outputWidth
      classNames = (0..<count).map { names[$0].map { String(cString: $0) } ?? "" }
    }
    trainingRows = Int(task.training_rows)
    batchSize = Int(task.batch_size)
    epochs = Int(task.epochs)
    threads = Int(task.threads)
  }
}
