import Training

/// The data of a worker: sources opened once, and made ready for each fit.
final class WorkerData {
  private let plan: Plan
  private let trainingSource: DatasetAdapter
  private let validationSource: DatasetAdapter?

  var validates: Bool {
    if case .none = plan.data.validation { false } else { true }
  }

  init(_ plan: Plan, context: RunContext) throws {
    self.plan = plan
    trainingSource = try DatasetAdapter(plan.data.training, run: context)
    if case .dataset(let planned) = plan.data.validation {
      validationSource = try DatasetAdapter(planned, run: context)
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
    var training = all
    var validation: (source: DatasetAdapter, rows: [Int64])?
    switch plan.data.validation {
    case .none: break
    case .fraction(let fraction, let stratify):
      let classes = try stratify ? target.classes(of: all, in: trainingSource) : nil
      let split = try Splitter(fraction: fraction, seed: seed, stratify: stratify)
        .split(rowCount: trainingSource.rowCount, classes: classes)
      training = split.training
      validation = (trainingSource, split.validation)
    case .dataset:
      if let validationSource {
        validation = (validationSource, try validationSource.allRows())
      }
    }
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
}

/// Data that is ready for one fit.
struct PreparedData {
  let plan: TrainingPlan
  let seed: UInt64
  let target: TargetPlan
  let preprocessing: FittedPreprocessing
  let trainingSource: any DataSource
  let trainingRows: [Int64]
  let classWeights: [Double]
  let validationSource: (any DataSource)?
  let validationRows: [Int64]

  var task: LearningTask {
    LearningTask(
      kind: target.task, featureShape: preprocessing.featureShape, outputWidth: target.outputWidth,
      classNames: target.classNames, trainingRows: trainingRows.count,
      batchSize: min(plan.batchSize, trainingRows.count), epochs: plan.epochs, threads: plan.threads)
  }

  func trainingLoader(fullBatch: Bool) throws -> BatchLoader {
    if plan.batchSize > trainingRows.count, !fullBatch {
      throw DataError(
        .badSetting, "batch size \(plan.batchSize), and there are \(trainingRows.count) rows to train on",
        help: "set 'train.batch_size' to \(trainingRows.count) at most")
    }
    let assembler = try BatchAssembler(
      source: trainingSource, preprocessing: preprocessing, classWeights: classWeights)
    return try BatchLoader(
      assembler: assembler, rows: trainingRows, batchSize: fullBatch ? nil : plan.batchSize,
      shuffle: plan.shuffle,
      seed: seed, mode: plan.prefetch, pass: .train)
  }

  func validationLoader() throws -> BatchLoader? {
    guard let validationSource else { return nil }
    let assembler = try BatchAssembler(source: validationSource, preprocessing: preprocessing)
    return try BatchLoader(
      assembler: assembler, rows: validationRows, batchSize: plan.validationBatchSize, shuffle: false,
      seed: seed,
      mode: plan.prefetch, pass: .validation)
  }
}
