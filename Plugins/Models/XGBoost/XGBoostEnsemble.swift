import BoosterCore
import PluginKit

/// A booster that grows on rows, or only predicts.
final class XGBoostEnsemble: Ensemble {
  private let engine: XGBoostEngine
  private let library: XGBoostLibrary
  private let booster: XGBoostBooster
  private let training: XGBoostMatrix?
  private let gradient = Memory<Float>()
  private let hessian = Memory<Float>()
  private let predicted = Memory<Float>()

  init(
    _ engine: XGBoostEngine, on training: XGBoostMatrix?, from bytes: [UInt8]?, learningRate: Double?
  ) throws {
    self.engine = engine
    library = engine.library
    self.training = training
    booster = try XGBoostBooster(library, training?.handle)
    if let bytes {
      try booster.load(bytes)
      var count: UInt64 = 0
      try library.check(library.featureCount(booster.handle, &count))
      guard count == UInt64(engine.task.featureCount) else {
        throw PluginError(
          "the saved booster has \(count) features, and the data has \(engine.task.featureCount)")
      }
    }
    try engine.set(on: booster.handle, learningRate: learningRate)
  }

  var rounds: Int { get throws { try booster.rounds } }

  func grows(on matrix: any EngineMatrix) -> Bool { training != nil && training === matrix }

  func setLearningRate(_ value: Double) throws {
    try library.check(library.setParameter(booster.handle, "learning_rate", "\(value)"))
  }

  func boost() throws {
    guard let training else { throw PluginError("a booster without rows cannot grow") }
    let round = Int32(clamping: try rounds)
    guard let objective = engine.objective else {
      return try library.check(library.update(booster.handle, round, training.handle))
    }
    let scores = try predict(training, rounds: nil, type: 1)
    let width = scores.count / max(1, training.rows)
    let gradient = gradient.room(for: scores.count)
    let hessian = hessian.room(for: scores.count)
    guard let gradients = gradient.baseAddress, let hessians = hessian.baseAddress else { return }
    try objective.differentiate(
      rows: training.rows, width: width, scores.floats.baseAddress ?? UnsafeMutablePointer(gradients),
      training.labels, training.weights, gradient: gradients, hessian: hessians)
    if let train = library.train {
      try library.check(
        train(
          booster.handle, training.handle, round, XGBoostLibrary.array(gradients, training.rows, width),
          XGBoostLibrary.array(hessians, training.rows, width)))
    } else {
      try library.check(
        library.boost(booster.handle, training.handle, gradients, hessians, UInt64(scores.count)))
    }
  }

  // MARK: Predictions

  func predictTraining() throws -> TensorView {
    guard let training else { throw PluginError("a booster without rows") }
    let prediction = try predict(training, rounds: nil, type: 0)
    // The objective will be given raw scores in the same place.
    guard engine.objective != nil else { return prediction }
    predicted.fill(prediction.floats)
    return TensorView(predicted.base, .float32, shape: prediction.shape)
  }

  /// XGBoost keeps the predictions for rows that it is asked for again, and adds the new rounds to them.
  func predict(_ rows: EngineRows, _ matrix: (any EngineMatrix)?, rounds: Int?) throws -> TensorView {
    let given = try matrix as? XGBoostMatrix ?? XGBoostMatrix(engine, rows, forTraining: false)
    return try predict(given, rounds: rounds, type: 0)
  }

  /// - Parameter type: 0: activated, 1: raw scores.
  private func predict(_ matrix: XGBoostMatrix, rounds: Int?, type: Int) throws -> TensorView {
    let config =
      "{\"type\": \(type), \"training\": false, \"iteration_begin\": 0, \"iteration_end\": \(rounds ?? 0), "
      + "\"strict_shape\": false}"
    var shape: UnsafePointer<UInt64>?
    var dimensions: UInt64 = 0
    var result: UnsafePointer<Float>?
    try library.check(
      library.predict(booster.handle, matrix.handle, config, &shape, &dimensions, &result))
    guard let shape, let result, dimensions > 0 else { throw PluginError("XGBoost predicted nothing") }
    var count = 1
    for dimension in 0..<Int(clamping: dimensions) {
      let (product, overflows) = count.multipliedReportingOverflow(by: Int(clamping: shape[dimension]))
      guard !overflows else { throw PluginError("XGBoost predicted more numbers than can be") }
      count = product
    }
    // The booster's own memory, which stays as it is until its next prediction.
    return TensorView(
      UnsafeMutableRawPointer(mutating: result), .float32, shape: TensorShape(count))
  }

  // MARK: What it has learned

  private func first(_ rounds: Int) throws -> XGBoostBooster {
    try rounds == self.rounds ? booster : XGBoostBooster(booster, rounds: rounds)
  }

  func bytes(rounds: Int) throws -> [UInt8] { try first(rounds).bytes() }

  func importance(_ kind: String, rounds: Int) throws -> [Double] {
    let scores = try first(rounds).scores(kind)
    return (0..<engine.task.featureCount).map { scores[$0] ?? 0 }
  }
}
