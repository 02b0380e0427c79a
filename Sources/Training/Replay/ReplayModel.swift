/// The model of a replay: one weight, `w`, that is set by the recording and by callbacks, and hyper-parameters that
/// callbacks change. It computes nothing.
public final class ReplayModel: LoopModel {
  public let name = "replay"
  public let parameterNames: [String]
  /// What the weight and the hyper-parameters are kept in: Keras and Lightning keep both in 32 bits.
  public let type: ElementType
  private let tensor: Tensor
  private var parameters: [Double]

  /// - Parameters:
  ///   - weight: The one number that it has.
  ///   - parameters: Hyper-parameters at the start.
  ///   - type: `float32` or `float64`.
  public init(weight: Double, parameters: Recording.Values, type: ElementType = .float64) {
    let isDouble = type == .float64
    self.type = isDouble ? .float64 : .float32
    tensor = Tensor(zeros: self.type, shape: [1])
    parameterNames = parameters.map(\.name)
    self.parameters = parameters.map { isDouble ? $0.value : Double(Float($0.value)) }
    self.weight = weight
  }

  public var weight: Double {
    get { tensor.value(at: 0) }
    set {
      switch type {
      case .float64: tensor.doubles[0] = newValue
      default: tensor.floats[0] = Float(newValue)
      }
    }
  }

  public func weights() throws -> [NamedTensor] { [NamedTensor(name: "w", tensor: tensor)] }

  public func assign(_ weights: [NamedTensor]) throws {
    for new in weights {
      guard new.name == "w", new.tensor.count == 1 else {
        throw LoopError(
          "a replay has one weight, 'w', with one element; not '\(new.name)' with \(new.tensor.count)")
      }
      weight = new.tensor.value(at: 0)
    }
  }

  public func parameter(_ name: String) -> Double? {
    parameterNames.firstIndex(of: name).map { parameters[$0] }
  }

  public func setParameter(_ name: String, _ value: Double) throws {
    guard let index = parameterNames.firstIndex(of: name) else {
      let known =
        parameterNames.isEmpty ? "none was recorded" : "recorded: " + parameterNames.joined(separator: ", ")
      throw LoopError("this run has no hyper-parameter '\(name)'; \(known)")
    }
    parameters[index] = type == .float64 ? value : Double(Float(value))
  }

  public var parameterValues: Recording.Values { zip(parameterNames, parameters).map { ($0, $1) } }

  // MARK: What a replay never does

  public func reset(seed: UInt64, task: LearningTask) throws {}
  public func describe() throws -> ModelFacts { ModelFacts(task: .regression, width: 0) }
  public func trainStep(_ batch: Batch, _ result: StepResult) throws {
    throw LoopError("a replay does not train")
  }
  public func evaluate(_ batch: Batch, _ result: StepResult) throws {
    throw LoopError("a replay does not evaluate")
  }

  public var hasSnapshots: Bool { false }
  public func takeSnapshot(_ number: Int) throws {}
  public func restoreSnapshot(_ number: Int) throws {}
  public func dropSnapshot(_ number: Int) throws {}
  public func saveState() throws -> StateTable { [:] }
  public func loadState(_ state: StateTable) throws {}
}
