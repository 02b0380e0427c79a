import CTrainyard

/// What a model was last reset for, as far as what it says of itself must agree with it.
struct ModelTask {
  private let kind: UInt32
  private let width: Int64

  init(_ task: UnsafePointer<ty_task>) {
    kind = task.pointee.task
    width = task.pointee.output_width
  }

  /// Words where a model of this task cannot be so.
  func fault(in facts: ty_model_facts) -> String? {
    guard facts.task == kind else {
      return "the model answers for the task \(facts.task), and was reset for the task \(kind)"
    }
    let type = facts.prediction
    guard Int32(type.code) == TY_DTYPE_FLOAT, type.bits == 32 || type.bits == 64, type.lanes == 1 else {
      return "predictions are f32 or f64, and the model says code \(type.code) of \(type.bits) bits"
    }
    let widths: [Int64] =
      switch Int32(kind) {
      case TY_TASK_CLASSES: [width]
      case TY_TASK_REGRESSION: width <= 1 ? [0, 1] : [width]
      default: [0]
      }
    guard widths.contains(facts.width) else {
      return
        "predictions of this task have width \(widths[0]) (0: a single number), and the model says \(facts.width)"
    }
    return nil
  }
}
