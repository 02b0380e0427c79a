import CTrainyard
import PluginHost
import Support
import Trainyard

/// A monitor of the build, driven through the contract, with the values that it publishes.
final class MonitorProbe {
  let services = RecordingServices()
  let instance: MonitorInstance

  init(_ id: String, name: String? = nil, options: [String: JSONValue] = [:]) throws {
    let library = try PluginLibrary.open(try builtLibrary(id))
    guard let component = library.components.first else { throw TestError("\(id) holds no component") }
    var values: [String: PluginHost.OptionValue] = [:]
    for (key, value) in options {
      guard let row = component.option(key) else { throw TestError("\(id) has no option '\(key)'") }
      switch value {
      case .string(let text): values[key] = .text(text)
      case .int(let number): values[key] = row.type == .float ? .float(Double(number)) : .int(number)
      case .double(let number): values[key] = .float(number)
      default: throw TestError("option '\(key)' of a kind that no case has")
      }
    }
    instance = try MonitorInstance(
      component: component, name: name ?? id, options: values, services: services)
  }

  /// Everything as new, for a run over these rows.
  func begin(_ rows: RecordedRows, pass: Int32 = TY_PASS_TRAIN) throws {
    try instance.reset()
    try prepare(rows)
    try instance.passBegin(UInt32(pass))
  }

  func prepare(_ rows: RecordedRows) throws {
    let tasks: [String: Int32] = [
      "binary": TY_TASK_BINARY, "classes": TY_TASK_CLASSES, "regression": TY_TASK_REGRESSION,
      "ranking": TY_TASK_RANKING,
    ]
    guard let task = tasks[rows.task] else { throw TestError("no task '\(rows.task)'") }
    var raw = ty_task()
    raw.struct_size = UInt32(MemoryLayout<ty_task>.size)
    raw.task = UInt32(task)
    raw.threads = 1
    raw.feature_ndim = 1
    raw.output_width = Int64(rows.width)
    var shape: [Int64] = [1]
    let texts = rows.classNames.map { Array($0.utf8CString) }
    try shape.withUnsafeMutableBufferPointer { shape in
      raw.feature_shape = UnsafePointer(shape.baseAddress)
      let copies = texts.map { text in
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: text.count)
        copy.initialize(from: text, count: text.count)
        return copy
      }
      defer { for copy in copies { copy.deallocate() } }
      try copies.map { UnsafePointer<CChar>?($0) }.withUnsafeBufferPointer { names in
        if !names.isEmpty { raw.class_names = names.baseAddress }
        try instance.prepare(&raw)
      }
    }
  }

  /// Rows as one batch. With `f32` predictions classes come as i32 and all else as f32; with `f64` everything
  /// comes as f64.
  func update(_ rows: RecordedRows, _ range: Range<Int>, type: String) throws {
    let isSingle = type == "f32"
    let isWide = rows.width > 1
    let shape = isWide ? [range.count, rows.width] : [range.count]
    func floats(_ values: ArraySlice<Double>, _ shape: [Int]) -> OwnedTensor {
      isSingle
        ? OwnedTensor(values.map { Float($0) }, shape: shape) : OwnedTensor(Array(values), shape: shape)
    }
    let cells = range.lowerBound * rows.width..<range.upperBound * rows.width
    let hasClasses = rows.task == "binary" || rows.task == "classes"
    let prediction = floats(rows.prediction[cells], shape)
    let target =
      rows.task == "regression"
      ? floats(rows.target[cells], shape)
      : hasClasses && isSingle
        ? OwnedTensor(rows.target[range].map { Int32($0) }, shape: [range.count])
        : floats(rows.target[range], [range.count])
    let weight = rows.weight.map { floats($0[range], [range.count]) }
    let group = rows.group.map { groups in
      let tensor = OwnedTensor(dtypeCode: TY_DTYPE_INT, bits: 64, shape: [range.count])
      for (place, value) in groups[range].enumerated() {
        tensor.tensor.data.assumingMemoryBound(to: Int64.self)[place] = Int64(value)
      }
      return tensor
    }
    let features = OwnedTensor([Float](repeating: 0, count: range.count), shape: [range.count, 1])
    var batch = ty_batch()
    batch.struct_size = UInt32(MemoryLayout<ty_batch>.size)
    batch.rows = Int64(range.count)
    batch.features = features.tensor
    batch.target = target.tensor
    if let weight { batch.weight = weight.tensor }
    if let group { batch.group = group.tensor }
    try withExtendedLifetime((features, prediction, target, weight, group)) {
      var tensor = prediction.tensor
      try instance.update(&batch, &tensor)
    }
  }

  /// All rows, cut before each of `cuts`.
  func update(_ rows: RecordedRows, cuts: [Int], type: String) throws {
    let ends = cuts.filter { $0 < rows.count } + [rows.count]
    var start = 0
    for end in ends {
      try update(rows, start..<end, type: type)
      start = end
    }
  }

  /// What `compute` publishes: values by metric, lists by "list <name>".
  func compute() throws -> [String: [Double]] {
    _ = services.takeEffects()
    try instance.compute()
    var result: [String: [Double]] = [:]
    for effect in services.effects {
      let words = effect.split(separator: " ", maxSplits: 2).map(String.init)
      guard words.count == 3, words[0] == "publish" else { continue }
      if words[2].hasPrefix("[") {
        result["list " + words[1]] = words[2].dropFirst().dropLast().split(separator: ",").compactMap {
          Double(String($0.drop { $0 == " " }))
        }
      } else {
        result[words[1]] = Double(words[2]).map { [$0] }
      }
    }
    return result
  }

  /// The values of a whole pass.
  func measure(_ rows: RecordedRows, cuts: [Int] = [], type: String = "f32") throws -> [String: [Double]] {
    try begin(rows)
    try update(rows, cuts: cuts, type: type)
    return try compute()
  }
}

/// Whether the same is published, and how far the values are apart: 0 where bits are equal.
func distance(_ found: [String: [Double]], _ expected: [String: [Double]]) -> Double {
  guard Set(found.keys) == Set(expected.keys) else { return .infinity }
  var worst = 0.0
  for (name, values) in expected {
    guard let others = found[name], others.count == values.count else { return .infinity }
    for (a, b) in zip(others, values) where a != b && !(a.isNaN && b.isNaN) {
      // Relative; a value that should be 0 may be off by what rounding leaves of numbers around 1.
      worst = max(worst, b == 0 ? abs(a) * 1000 : abs(a - b) / abs(b))
      if a.isNaN || b.isNaN { return .infinity }
    }
  }
  return worst
}
