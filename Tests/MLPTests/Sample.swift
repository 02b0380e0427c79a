import MLPCore
import PluginKit

/// A small data set of a task, in memory that batches can point into.
final class Sample {
  let kind: TaskKind
  let rows: Int
  let width: Int
  let outputs: Int
  let features: UnsafeMutableBufferPointer<Float>
  let labels: UnsafeMutableBufferPointer<Int32>
  let numbers: UnsafeMutableBufferPointer<Float>
  let weights: UnsafeMutableBufferPointer<Float>
  var isWeighted = true

  /// - Parameter outputs: Classes, or numbers in a regression target.
  init(_ kind: TaskKind, rows: Int, width: Int = 3, outputs: Int = 1, seed: UInt64 = 1) {
    (self.kind, self.rows, self.width, self.outputs) = (kind, rows, width, outputs)
    features = .allocate(capacity: rows * width)
    labels = .allocate(capacity: rows)
    numbers = .allocate(capacity: rows * outputs)
    weights = .allocate(capacity: rows)
    var random = Random(state: seed)
    for index in features.indices { features[index] = random.next(-1.5, 1.5) }
    for index in labels.indices { labels[index] = Int32(index % (kind == .classes ? outputs : 2)) }
    for index in numbers.indices { numbers[index] = random.next(-1, 1) }
    for index in weights.indices { weights[index] = random.next(0.2, 2) }
  }

  deinit {
    features.deallocate()
    labels.deallocate()
    numbers.deallocate()
    weights.deallocate()
  }

  var task: TaskDescription {
    TaskDescription(kind: kind, featureShape: [width], outputWidth: outputs)
  }

  /// The rows of a range, as the host would hand them over.
  func batch(_ range: Range<Int>? = nil, pass: Pass = .train) -> Batch {
    let range = range ?? 0..<rows
    let n = range.count
    let target: TensorView =
      if kind == .regression {
        view(numbers, from: range.lowerBound * outputs, .float32, outputs == 1 ? [n] : [n, outputs])
      } else {
        view(labels, from: range.lowerBound, .int32, [n])
      }
    return Batch(
      pass: pass, rows: n, features: view(features, from: range.lowerBound * width, .float32, [n, width]),
      target: target, weight: isWeighted ? view(weights, from: range.lowerBound, .float32, [n]) : nil)
  }

  private func view<T>(
    _ memory: UnsafeMutableBufferPointer<T>, from index: Int, _ type: ElementType, _ shape: TensorShape
  ) -> TensorView {
    TensorView(UnsafeMutableRawPointer(memory.baseAddress! + index), type, shape: shape)
  }
}

/// A stream for test data.
struct Random {
  var state: UInt64

  mutating func next(_ low: Float, _ high: Float) -> Float {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return low + (high - low) * Float(state >> 40) / Float(1 << 24)
  }
}

extension MultilayerPerceptron {
  /// An instance that was reset for the sample's task.
  convenience init(_ sample: Sample, seed: UInt64 = 7, _ change: (inout Settings) -> Void = { _ in }) throws {
    var settings = Settings()
    settings.hidden = [5]
    change(&settings)
    try settings.validate()
    self.init(settings)
    try reset(seed: seed, task: sample.task)
  }

  /// All weights as one list, in the order of `weight(at:)`.
  var parameters: [Float] { (0..<weightCount).flatMap { Array(weight(at: $0).tensor.floats) } }

  /// Everything that a checkpoint holds.
  var everything: Snapshot {
    Snapshot(
      weights: parameters, progress: progress,
      tensors: Dictionary(uniqueKeysWithValues: stateTensors.map { ($0.name, Array($0.tensor.floats)) }))
  }

  func restore(_ snapshot: Snapshot) throws {
    var rest = snapshot.weights[...]
    for index in 0..<weightCount {
      let target = weight(at: index)
      try withView(Array(rest.prefix(target.tensor.count)), target.tensor.shape) {
        try assign(Weight(name: target.name, tensor: $0), at: index)
      }
      rest = rest.dropFirst(target.tensor.count)
    }
    progress = snapshot.progress
    let shapes = Dictionary(uniqueKeysWithValues: stateTensors.map { ($0.name, $0.tensor.shape) })
    var views: [UnsafeMutableBufferPointer<Float>] = []
    defer { for view in views { view.deallocate() } }
    try loadState { name in
      guard let values = snapshot.tensors[name], let shape = shapes[name] else { return nil }
      let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: values.count)
      _ = memory.initialize(fromContentsOf: values)
      views.append(memory)
      return TensorView(UnsafeMutableRawPointer(memory.baseAddress!), .float32, shape: shape)
    }
  }
}

struct Snapshot: Equatable {
  var weights: [Float]
  var progress: Progress
  var tensors: [String: [Float]]
}

func withView<R>(_ values: [Float], _ shape: TensorShape, _ body: (TensorView) throws -> R) rethrows -> R {
  var values = values
  return try values.withUnsafeMutableBytes { try body(TensorView($0.baseAddress!, .float32, shape: shape)) }
}
