import Training

/// One fit as it is asked of a worker: what to train, on which rows, and where its files go.
public struct FitRequest: Sendable {
  /// May differ in anything from those that the worker has fitted before.
  public var plan: Plan
  /// The plan's, unless set.
  public var seed: UInt64
  /// Rows of `plan.data.training`: then `plan.data.validation` is left aside, and what is held out is the validation of
  /// the fit. `nil`: all as the plan says.
  public var fold: Fold?
  public var folder = Folder.none
  /// `nil`: none are taken, and the fit cannot be taken up.
  public var checkpoints: CheckpointPolicy?
  /// Told of each epoch; may end the fit.
  public var observer: (any FitObserver)?
  /// The report then has what the model, as it is after `on_train_end`, makes of the validation rows.
  public var predictsValidation = false

  /// Where the files of a fit go.
  public enum Folder: Sendable, Equatable {
    /// Nothing is written.
    case none
    /// A new one in this folder: of this name, or of the date and time.
    /// - isNumbered: A name that is taken gets a number, as in `name-2`; otherwise it is an error.
    case new(in: String, name: String?, isNumbered: Bool)
    /// This one, such as `runs/<id>/trial-003/fold-2`; those above it are made. It must not be there yet.
    case exact(String)

    /// The folder that it will be in.
    var parent: String? {
      switch self {
      case .none: nil
      case .new(let parent, _, _): parent
      case .exact(let path): PathName.folder(of: path)
      }
    }
  }

  /// A fit as the plan has it, but for its folder: `.none` unless it is set.
  public init(_ plan: Plan, seed: UInt64? = nil, fold: Fold? = nil) {
    self.plan = plan
    self.seed = seed ?? plan.training.seed
    self.fold = fold
  }

  /// The folder that the plan asks for.
  public static func folder(of plan: Plan, isNumbered: Bool = false) -> Folder {
    plan.output.folder.map { .new(in: $0, name: plan.output.name, isNumbered: isNumbered) } ?? .none
  }
}

/// Follows a fit from outside, as one that prunes trials does. Called on the worker's thread.
public protocol FitObserver: AnyObject, Sendable {
  /// Who stopped a run, as its summary says it.
  var name: String { get }
  /// An epoch is complete. A text is the reason to stop: the run then ends as stopped, with all that belongs to it.
  func epochEnded(_ epoch: Epoch) -> String?
}
