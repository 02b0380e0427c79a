import CTrainyard

/// Rows of a task: features, targets, weights, groups, and what a model might predict for them. All from a seed.
struct SampleRows {
  /// As `TY_TASK_…`.
  enum Task: Int32, CaseIterable {
    case binary = 1
    case classes, regression, ranking
  }

  var task: Task
  /// Classes, or numbers in a regression target; 1 otherwise.
  var width: Int
  var count: Int
  var featureCount: Int
  var features: [Float] = []
  /// Class numbers, or `width` numbers a row.
  var target: [Double] = []
  /// `nil`: every row counts once.
  var weight: [Float]?
  var group: [Int64]?
  /// `width` numbers a row.
  var prediction: [Double] = []

  /// "a classes task of 3 classes", for reports.
  var name: String {
    switch task {
    case .binary: "a binary task"
    case .classes: "a task of \(width) classes"
    case .regression: width == 1 ? "a regression task" : "a regression task of \(width) outputs"
    case .ranking: "a ranking task"
    }
  }

  init(
    _ task: Task, width: Int = 1, count: Int = 24, featureCount: Int = 4, weighted: Bool = false, seed: UInt64
  ) {
    self.task = task
    self.width = width
    self.count = count
    self.featureCount = featureCount
    var random = SplitMix64(seed &+ UInt64(task.rawValue) &* 977)
    func uniform() -> Double { random.nextDouble() }
    features = (0..<count * featureCount).map { _ in Float(uniform() * 2 - 1) }
    for row in 0..<count { addRow(row, uniform) }
    if weighted { weight = (0..<count).map { _ in Float(Int(uniform() * 4)) * 0.5 + 0.25 } }
    if task == .ranking { group = (0..<count).map { Int64($0 / 6) } }
  }

  private mutating func addRow(_ row: Int, _ uniform: () -> Double) {
    let x = features[row * featureCount..<(row + 1) * featureCount].map(Double.init)
    // Something that a model can learn: sums of features, each output with signs of its own.
    let scores = (0..<max(width, 1)).map { output in
      x.indices.reduce(0.0) { $0 + ((($1 + output) % 3 == 0) ? -1 : 1) * x[$1] }
    }
    switch task {
    case .binary:
      target.append(scores[0] + uniform() - 0.5 > 0 ? 1 : 0)
      prediction.append(uniform())
    case .classes:
      target.append(Double(scores.indices.max { scores[$0] < scores[$1] } ?? 0))
      let parts = scores.map { _ in uniform() + 0.01 }
      let sum = parts.reduce(0, +)
      prediction += parts.map { $0 / sum }
    case .regression:
      target += scores
      prediction += scores.map { $0 + uniform() - 0.5 }
    case .ranking:
      target.append(Double(Int((scores[0] + 2) * 1.5) % 4).magnitude)
      prediction.append(uniform() * 4 - 2)
    }
  }

  /// What a run over these rows asks for.
  func task(_ lending: Lending) -> UnsafeMutablePointer<ty_task> {
    var new = ty_task()
    new.struct_size = UInt32(MemoryLayout<ty_task>.size)
    new.task = UInt32(task.rawValue)
    new.feature_ndim = 1
    new.threads = 1
    new.feature_shape = UnsafePointer(lending.array([Int64(featureCount)], "the feature shape of the task"))
    new.output_width = Int64(width)
    new.training_rows = Int64(count)
    new.batch_size = 8
    new.epochs = 4
    if task == .classes || task == .binary {
      let names = (0..<max(2, width)).map {
        UnsafePointer<CChar>?(lending.text("class \($0)", "the name of a class"))
      }
      new.class_names = UnsafePointer(lending.array(names, "the names of the classes"))
    }
    return lending.place(new, "the task")
  }

  /// Some of the rows as a batch.
  func batch(
    _ rows: [Int], pass: Int32, endsPass: Bool = false, hasTarget: Bool = true, dataID: UInt64 = 0,
    _ lending: Lending
  ) -> UnsafeMutablePointer<ty_batch> {
    var new = ty_batch()
    new.struct_size = UInt32(MemoryLayout<ty_batch>.size)
    new.pass = UInt32(pass)
    new.rows = Int64(rows.count)
    new.data_id = dataID
    new.ends_pass = endsPass ? 1 : 0
    new.features = lending.tensor(
      rows.flatMap { features[$0 * featureCount..<($0 + 1) * featureCount] },
      shape: [rows.count, featureCount], "the batch's features")
    if hasTarget { new.target = targets(rows, lending) }
    if let weight {
      new.weight = lending.tensor(rows.map { weight[$0] }, shape: [rows.count], "the batch's weights")
    }
    if let group {
      new.group = lending.tensor(rows.map { group[$0] }, shape: [rows.count], "the batch's groups")
    }
    return lending.place(new, "the batch")
  }

  private func targets(_ rows: [Int], _ lending: Lending) -> ty_tensor {
    switch task {
    case .binary, .classes:
      lending.tensor(rows.map { Int32(target[$0]) }, shape: [rows.count], "the batch's targets")
    case .regression where width > 1:
      lending.tensor(
        rows.flatMap { target[$0 * width..<($0 + 1) * width].map { Float($0) } }, shape: [rows.count, width],
        "the batch's targets")
    case .regression, .ranking:
      lending.tensor(rows.map { Float(target[$0]) }, shape: [rows.count], "the batch's targets")
    }
  }

  /// The predictions of some of the rows, as a model would hand them to a monitor.
  func predictions(_ rows: [Int], _ lending: Lending) -> UnsafeMutablePointer<ty_tensor> {
    let wide = task == .classes || (task == .regression && width > 1)
    let columns = wide ? width : 1
    let values = rows.flatMap { prediction[$0 * columns..<($0 + 1) * columns].map { Float($0) } }
    let tensor = lending.tensor(
      values, shape: wide ? [rows.count, columns] : [rows.count], "the prediction")
    return lending.place(tensor, "the tensor of the prediction")
  }

  var all: [Int] { Array(0..<count) }

  /// The rows in batches of `size`, the last one shorter.
  func batches(of size: Int) -> [[Int]] {
    stride(from: 0, to: count, by: size).map { Array($0..<min($0 + size, count)) }
  }

  /// One of each task that the contract has.
  static func ofEveryTask(seed: UInt64, weighted: Bool = false) -> [SampleRows] {
    [
      SampleRows(.binary, weighted: weighted, seed: seed),
      SampleRows(.classes, width: 3, weighted: weighted, seed: seed),
      SampleRows(.regression, weighted: weighted, seed: seed),
      SampleRows(.regression, width: 2, weighted: weighted, seed: seed),
      SampleRows(.ranking, weighted: weighted, seed: seed),
    ]
  }
}
