import PluginKit

/// A boosting library behind `Booster`: parameters are checked, and what a run needs of it is made.
public protocol Engine: AnyObject {
  var traits: EngineTraits { get }
  /// Readies it for a task. Fails, in the engine's words, where task and parameters do not go together.
  func configure(_ task: TaskDescription, seed: UInt64, threads: Int) throws
  /// Rows in the engine's own form.
  /// - Parameter training: For rows that are only evaluated: what is trained on, if that is there already.
  func matrix(_ rows: EngineRows, forTraining: Bool, beside training: (any EngineMatrix)?) throws
    -> any EngineMatrix
  /// Trees that grow on these rows, after those that `bytes` has.
  func ensemble(
    on training: any EngineMatrix, _ rows: EngineRows, from bytes: [UInt8]?, learningRate: Double?
  ) throws -> any Ensemble
  /// Trees that only predict.
  func ensemble(from bytes: [UInt8]) throws -> any Ensemble
}

public struct EngineTraits: Sendable {
  /// What its serialised form is called; the file that the engine's own tools read.
  public var fileName: String
  public var importanceKinds: [String]
  /// The first n rounds are what the model was after n rounds.
  public var truncates: Bool
  /// `nil`: a resumed run continues bit for bit; else why it does not, and what makes it.
  public var approximation: String?
  public var predictsDoubles: Bool
  public var learningRate: Double
  public var loss: LossKind

  public init(
    fileName: String, importanceKinds: [String], truncates: Bool, approximation: String?,
    predictsDoubles: Bool,
    learningRate: Double, loss: LossKind
  ) {
    self.fileName = fileName
    self.importanceKinds = importanceKinds
    self.truncates = truncates
    self.approximation = approximation
    self.predictsDoubles = predictsDoubles
    self.learningRate = learningRate
    self.loss = loss
  }
}

/// Rows in an engine's form, which it holds until this goes.
public protocol EngineMatrix: AnyObject {}

/// Trees. Predictions are activated, in rows of the engine's order, and stay as they are until the next call.
public protocol Ensemble: AnyObject {
  /// Rounds that it has.
  var rounds: Int { get throws }
  /// Whether it can grow on these rows.
  func grows(on matrix: any EngineMatrix) -> Bool
  /// One round.
  func boost() throws
  func setLearningRate(_ value: Double) throws
  /// For the rows that it grows on, with all rounds.
  func predictTraining() throws -> TensorView
  /// - Parameters:
  ///   - matrix: The same rows in the engine's form; `nil`: there is none that is kept.
  ///   - rounds: The first so many; `nil`: all.
  func predict(_ rows: EngineRows, _ matrix: (any EngineMatrix)?, rounds: Int?) throws -> TensorView
  /// The first so many rounds as a file of the engine's.
  func bytes(rounds: Int) throws -> [UInt8]
  /// A number for each feature.
  func importance(_ kind: String, rounds: Int) throws -> [Double]
}
