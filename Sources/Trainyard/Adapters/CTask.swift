import CTrainyard
import Glibc
import Training

/// A task in the contract's form, with memory of its own.
final class CTask {
  let pointer = UnsafeMutablePointer<ty_task>.allocate(capacity: 1)
  private let shape: UnsafeMutablePointer<Int64>
  private let names: UnsafeMutablePointer<UnsafePointer<CChar>?>
  private let nameCount: Int

  init(_ task: LearningTask) {
    shape = .allocate(capacity: max(1, task.featureShape.count))
    for (index, size) in task.featureShape.enumerated() { shape[index] = Int64(size) }
    nameCount = task.classNames.count
    names = .allocate(capacity: max(1, nameCount))
    for (index, name) in task.classNames.enumerated() { names[index] = UnsafePointer(strdup(name)) }
    pointer.initialize(
      to: ty_task(
        struct_size: UInt32(MemoryLayout<ty_task>.size), task: UInt32(task.kind.rawValue),
        feature_ndim: Int32(task.featureShape.count), threads: Int32(task.threads), feature_shape: shape,
        output_width: Int64(task.outputWidth), class_names: nameCount > 0 ? UnsafePointer(names) : nil,
        training_rows: Int64(task.trainingRows), batch_size: Int64(task.batchSize), epochs: Int64(task.epochs)
      ))
  }

  deinit {
    for index in 0..<nameCount { free(UnsafeMutablePointer(mutating: names[index])) }
    names.deallocate()
    shape.deallocate()
    pointer.deallocate()
  }
}
