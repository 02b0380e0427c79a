import Training

/// The data of one fit: sources that the worker keeps open, and what they are made ready with.
final class FitData {
  private let plan: Plan
  private let fold: Fold?
  private let trainingSource: DatasetAdapter
  private let validationSource: DatasetAdapter?

  var validates: Bool {
    if fold != nil { return true }
    if case .none = plan.data.validation { return false }
    return true
  }

  /// - Parameter fold: What to train and to validate on, whatever the plan says of validation.
  init(_ plan: Plan, fold: Fold? = nil, from pool: InstancePool) throws {
    self.plan = plan
    self.fold = fold
    trainingSource = try pool.dataset(plan.data.training)
    if fold == nil, case .dataset(let planned) = plan.data.validation {
      validationSource = try pool.dataset(planned)
    } else {
      validationSource = nil
    }
    for source in [trainingSource, validationSource].compactMap({ $0 }) where source.rowCount == 0 {
      throw DataError(.noRows, "\(source.name) has no rows", help: "check the file that it reads")
    }
  }

  func reset() throws {
    for source in [trainingSource, validationSource].compactMap({ $0 }) {
      do { try source.reset() } catch { throw failure(error, part: source.name, call: "reset") }
    }
  }

  /// Splits, learns the preprocessing from the training rows alone, and finds out the task.
  func prepare(seed: UInt64) throws -> PreparedData {
    let all = try trainingSource.allRows()
    guard let target = try TargetPlan.infer(plan.data.task, source: trainingSource, rows: nil) else {
      throw DataError(
        .noTarget, "\(trainingSource.name) has no target to learn",
        help: "name the field to be learned; `trainyard inspect` shows the dataset's option for it")
    }
    let (training, validation) = try divide(all, target, seed)
    // A label that is no class is found now, and not in the middle of an epoch.
    if target.hasClasses {
      _ = try target.classes(of: training, in: trainingSource)
      if let validation { _ = try target.classes(of: validation.rows, in: validation.source) }
    }
    let fitted = try FittedPreprocessing.fit(
      plan.data.preprocessing, source: trainingSource, rows: training, target: target)
    let weights = try plan.data.classWeights.factors(target, source: trainingSource, rows: training)
    return PreparedData(
      plan: plan.training, seed: seed, target: target, preprocessing: fitted,
      trainingSource: trainingSource, trainingRows: training, classWeights: weights,
      validationSource: validation?.source, validationRows: validation?.rows ?? [])
  }

  /// The rows to train on, and those to validate on with the source that they are of.
  private func divide(
    _ all: [Int64], _ target: TargetPlan, _ seed: UInt64
  ) throws -> (training: [Int64], validation: (source: DatasetAdapter, rows: [Int64])?) {
    if let fold {
      guard !fold.training.isEmpty, !fold.validation.isEmpty else {
        throw DataError(
          .noRows,
          "a fold with \(fold.training.count) rows to train on and \(fold.validation.count) to validate on",
          help: "take fewer folds, or a smaller gap")
      }
      return (fold.training, (trainingSource, fold.validation))
    }
    switch plan.data.validation {
    case .none: return (all, nil)
    case .fraction(let fraction, let stratify):
      let classes = try stratify ? target.classes(of: all, in: trainingSource) : nil
      let split = try Splitter(fraction: fraction, seed: seed, stratify: stratify)
        .split(rowCount: trainingSource.rowCount, classes: classes)
      return (split.training, (trainingSource, split.validation))
    case .dataset:
      guard let validationSource else { return (all, nil) }
      return (all, (validationSource, try validationSource.allRows()))
    }
  }
}
