/// One way to divide rows into those to train on and those that are held out and validated on.
public struct Fold: Sendable, Equatable {
  /// Both in ascending order, except where the order is that of time.
  public var training: [Int64]
  public var validation: [Int64]

  public init(training: [Int64], validation: [Int64]) {
    self.training = training
    self.validation = validation
  }
}
