/// All that a run needs to go on, bit for bit: a copy, which the run that goes on does not change.
public struct RunState: Sendable {
  public var position = RunPosition(.betweenEpochs, epoch: 0)
  public var seed: UInt64 = 0
  /// Optimizer steps done.
  public var step = 0
  /// Rows of the pass that was the last to end.
  public var examples = 0
  /// That the run has taken so far, and the epoch that is running.
  public var seconds = 0.0
  public var epochSeconds = 0.0
  /// The sums of the training pass of the running epoch, and of its validation pass.
  public var training = Evaluation.Total()
  public var validation = Evaluation.Total()
  /// `max_steps` ended the last epoch before its data did.
  public var wasCutShort = false

  /// The metrics that the running epoch has so far, by name.
  public var logs: [(name: String, value: Double)] = []
  public var notes: [Note] = []
  public var stop: (reason: String, by: String)?
  public var warnings: [String] = []
  public var dropped: [(callback: String, reason: String)] = []
  /// The epochs that are complete.
  public var epochs: [Epoch] = []

  public var model = ModelState()
  /// By name. Those that were dropped are not there.
  public var callbacks: [String: CallbackState] = [:]
  /// By pass and name: `train/accuracy`, `validation/accuracy`, `epoch/gap`.
  public var monitors: [String: PartState] = [:]

  public init() {}
}

/// What an instance has saved, and where its random stream stands.
public struct PartState: Sendable, Equatable {
  public var values: StateTable
  /// Four words; empty for a part without a stream.
  public var random: [UInt64]

  public init(values: StateTable = [:], random: [UInt64] = []) {
    self.values = values
    self.random = random
  }
}

public struct ModelState: Sendable {
  public var part = PartState()
  public var weights: [SavedTensor] = []
  public var parameters: [(name: String, value: Double)] = []

  public init() {}
}

public struct CallbackState: Sendable, Equatable {
  public var part = PartState()
  /// By number.
  public var slots: [Int: [SavedTensor]] = [:]

  public init() {}
}

/// A named tensor with bytes of its own.
public struct SavedTensor: Sendable, Equatable {
  public var name: String
  public var type: ElementType
  public var shape: [Int]
  public var bytes: [UInt8]
  public var isTrainable: Bool

  public init(name: String, type: ElementType, shape: [Int], bytes: [UInt8], isTrainable: Bool = true) {
    self.name = name
    self.type = type
    self.shape = shape
    self.bytes = bytes
    self.isTrainable = isTrainable
  }

  init(_ weight: NamedTensor) {
    self.init(
      name: weight.name, type: weight.tensor.type, shape: weight.tensor.shape,
      bytes: weight.tensor.copiedBytes, isTrainable: weight.isTrainable)
  }

  /// In memory of its own.
  var named: NamedTensor {
    let tensor = Tensor(zeros: type, shape: shape)
    bytes.withUnsafeBytes { bytes in
      // A state that was made by hand may lie about its shape.
      tensor.bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.prefix(tensor.byteCount)))
    }
    return NamedTensor(name: name, tensor: tensor, isTrainable: isTrainable)
  }
}
