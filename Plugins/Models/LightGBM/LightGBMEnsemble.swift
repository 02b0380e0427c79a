import BoosterCore
import Glibc
import PluginKit

/// A booster that grows on rows, or only predicts.
final class LightGBMEnsemble: Ensemble {
  private let engine: LightGBMEngine
  private let library: LightGBMLibrary
  private let booster: LightGBMBooster
  private let training: LightGBMMatrix?
  /// Went on from a saved model, whose part in the predictions is not kept for rows that are evaluated.
  private let wentOn: Bool
  /// Rows whose predictions it keeps: the first are those that it grows on.
  private var kept: [LightGBMMatrix] = []
  private var unequal: Set<Int> = []
  private let raw = Memory<Double>()
  private let predicted = Memory<Double>()
  private let shown = Memory<Double>()
  private let gradients = Memory<Float>()

  init(_ engine: LightGBMEngine, from bytes: [UInt8]) throws {
    self.engine = engine
    library = engine.library
    training = nil
    wentOn = true
    booster = try LightGBMBooster(library, from: bytes)
    try checkFeatures(booster)
  }

  init(
    _ engine: LightGBMEngine, on training: LightGBMMatrix, _ rows: EngineRows, from bytes: [UInt8]?,
    learningRate: Double?
  ) throws {
    self.engine = engine
    self.library = engine.library
    self.training = training
    kept = [training]
    wentOn = bytes != nil
    let library = engine.library
    let before = try bytes.map { try LightGBMBooster(library, from: $0) }
    try training.setScores(try before.map { try Self.scores(of: $0, rows, engine) } ?? [])
    booster = try LightGBMBooster(library, on: training, engine.boosterText(learningRate))
    // As its Python package begins: columns are drawn once more by this.
    if engine.objective != nil {
      try library.check(library.resetParameter(booster.handle, "objective=none"))
    }
    if let before {
      try checkFeatures(before)
      try library.check(library.merge(booster.handle, before.handle))
    }
  }

  private func checkFeatures(_ booster: LightGBMBooster) throws {
    let count = try booster.featureCount
    guard count == engine.task.featureCount else {
      throw PluginError(
        "the saved booster has \(count) features, and the data has \(engine.task.featureCount)")
    }
  }

  /// Raw scores for every row, class by class: where a booster that goes on begins.
  private static func scores(
    of booster: LightGBMBooster, _ rows: EngineRows, _ engine: LightGBMEngine
  ) throws -> [Double] {
    let outputs = engine.outputs
    let memory = Memory<Double>()
    let found = memory.room(for: rows.count * outputs)
    let count = try rows.withFeatures {
      try booster.predict($0, rows, .raw, rounds: nil, engine.predictionText, into: found)
    }
    guard count == found.count else {
      throw PluginError("the saved booster predicts \(count) numbers, where \(found.count) were expected")
    }
    return withExtendedLifetime(memory) {
      (0..<outputs).flatMap { output in (0..<rows.count).map { found[$0 * outputs + output] } }
    }
  }

  var rounds: Int { get throws { try booster.rounds } }

  func grows(on matrix: any EngineMatrix) -> Bool { training != nil && training === matrix }

  func setLearningRate(_ value: Double) throws {
    guard training != nil else { return }
    try library.check(library.resetParameter(booster.handle, "learning_rate=\(value)"))
  }

  func boost() throws {
    guard let training else { throw PluginError("a booster without rows cannot grow") }
    var isFinished: Int32 = 0
    guard let objective = engine.objective else {
      return try library.check(library.update(booster.handle, &isFinished))
    }
    let (rows, outputs) = (training.rows, engine.outputs)
    let scores = try keptScores(0, rows)
    let count = rows * outputs
    let room = gradients.room(for: 5 * count)
    guard let start = room.baseAddress else { return }
    for index in 0..<count { room[index] = Float(scores[index]) }
    try objective.differentiate(
      rows: rows, width: outputs, start, training.labels, training.weights, gradient: start + count,
      hessian: start + 2 * count)
    // Class by class, as LightGBM has them.
    for row in 0..<rows {
      for output in 0..<outputs {
        room[3 * count + output * rows + row] = room[count + row * outputs + output]
        room[4 * count + output * rows + row] = room[2 * count + row * outputs + output]
      }
    }
    try library.check(
      library.boost(booster.handle, start + 3 * count, start + 4 * count, &isFinished))
  }

  // MARK: Predictions

  func predictTraining() throws -> TensorView {
    guard let training else { throw PluginError("a booster without rows") }
    let scores = try keptScores(0, training.rows)
    guard engine.objective != nil else { return activated(scores, training.rows) }
    // The objective will be given raw scores in the same place.
    shown.fill(scores)
    return activated(shown.room(for: scores.count), training.rows)
  }

  func predict(_ rows: EngineRows, _ matrix: (any EngineMatrix)?, rounds: Int?) throws -> TensorView {
    if rounds == nil, !wentOn, let matrix = matrix as? LightGBMMatrix, matrix.handle != nil,
      let place = try place(of: matrix, rows)
    {
      return activated(try keptScores(place, matrix.rows), matrix.rows)
    }
    return try predictAnew(rows, rounds: rounds)
  }

  private func predictAnew(_ rows: EngineRows, rounds: Int?) throws -> TensorView {
    let room = predicted.room(for: rows.count * engine.outputs)
    let count = try rows.withFeatures {
      try booster.predict($0, rows, .normal, rounds: rounds, engine.predictionText, into: room)
    }
    guard count == room.count else {
      throw PluginError("LightGBM predicts \(count) numbers, where \(room.count) were expected")
    }
    return activated(room, rows.count)
  }

  /// The number that the booster has the rows under, which it is given them for once; `nil`: it does not keep for them
  /// what it predicts, as after a first tree without a split, which LightGBM leaves out for rows that come later.
  private func place(of matrix: LightGBMMatrix, _ rows: EngineRows) throws -> Int? {
    if let known = kept.firstIndex(where: { $0 === matrix }) { return unequal.contains(known) ? nil : known }
    guard kept.count < 8 else { return nil }
    try library.check(library.addValidation(booster.handle, matrix.handle))
    kept.append(matrix)
    let place = kept.count - 1
    let anew = Array(try predictAnew(rows, rounds: nil).doubles)
    let own = activated(try keptScores(place, matrix.rows), matrix.rows).doubles
    guard anew.elementsEqual(own) else {
      unequal.insert(place)
      return nil
    }
    return place
  }

  /// What the booster keeps for rows, row by row: it has them class by class.
  private func keptScores(_ place: Int, _ rows: Int) throws -> UnsafeMutableBufferPointer<Double> {
    let outputs = engine.outputs
    var count: Int64 = 0
    try library.check(library.keptCount(booster.handle, Int32(place), &count))
    guard count == Int64(rows * outputs) else {
      throw PluginError("LightGBM keeps \(count) predictions, where \(rows * outputs) were expected")
    }
    let given = raw.room(for: rows * outputs)
    try library.check(library.kept(booster.handle, Int32(place), &count, raw.base))
    if outputs == 1 { return given }
    let room = predicted.room(for: rows * outputs)
    for output in 0..<outputs {
      for row in 0..<rows { room[row * outputs + output] = given[output * rows + row] }
    }
    return room
  }

  /// With an objective of the user's, LightGBM does not know what scores mean: probabilities are made here.
  private func activated(_ scores: UnsafeMutableBufferPointer<Double>, _ rows: Int) -> TensorView {
    let view = TensorView(
      scores.baseAddress ?? predicted.base, .float64, shape: TensorShape(scores.count))
    guard engine.objective != nil else { return view }
    let outputs = engine.outputs
    switch engine.task.kind {
    case .binary: for index in scores.indices { scores[index] = 1 / (1 + exp(-scores[index])) }
    case .classes:
      for row in 0..<rows {
        let own = UnsafeMutableBufferPointer(rebasing: scores[row * outputs..<(row + 1) * outputs])
        let greatest = own.max() ?? 0
        for index in own.indices { own[index] = exp(own[index] - greatest) }
        let sum = own.reduce(0, +)
        for index in own.indices { own[index] /= sum }
      }
    case .regression, .ranking: break
    }
    return view
  }

  // MARK: What it has learned

  func bytes(rounds: Int) throws -> [UInt8] { try booster.text(rounds: rounds) }

  func importance(_ kind: String, rounds: Int) throws -> [Double] {
    let number = LightGBMLibrary.importances.first { $0.name == kind }?.number ?? 0
    var values = [Double](repeating: 0, count: max(engine.task.featureCount, try booster.featureCount))
    try library.check(library.importance(booster.handle, Int32(clamping: rounds), number, &values))
    return values
  }
}
