import Training

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

  /// Of training and of validation: often one and the same.
  var sources: [any DataSource] { [trainingSource] + (validationSource.map { [$0] } ?? []) }

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

  /// For a model that wants all rows at once in one batch too: what it has built from them serves every epoch.
  func validationLoader(fullBatch: Bool) throws -> BatchLoader? {
    guard let validationSource else { return nil }
    let assembler = try BatchAssembler(source: validationSource, preprocessing: preprocessing)
    return try BatchLoader(
      assembler: assembler, rows: validationRows, batchSize: fullBatch ? nil : plan.validationBatchSize,
      shuffle: false, seed: seed, mode: plan.prefetch, pass: .validation)
  }
}
