import Training

/// The monitors of a fit: one instance for each pass that they measure.
struct MonitorFactory {
  let pool: InstancePool
  /// Whether there is a validation pass.
  let validates: Bool
  private var context: RunContext { pool.context }

  init(_ pool: InstancePool, validates: Bool) {
    self.pool = pool
    self.validates = validates
  }

  func monitors(_ planned: PlannedInstance) throws -> MonitorSet {
    var set = MonitorSet(training: [try pool.monitor(planned, pass: .train)])
    if validates, !planned.component.isSample {
      set.validation = [try pool.monitor(planned, pass: .validation)]
    }
    return set
  }

  /// What is no plugin is made anew for each fit: that costs nothing.
  func monitors(_ measure: PlannedMeasure) throws -> MonitorSet {
    switch measure {
    case .expression(let planned): return MonitorSet(epoch: [ExpressionMonitor(planned, run: context)])
    case .closure(let closure):
      return MonitorSet(
        training: [MeasureMonitor(closure, run: context, pass: .train)],
        validation: validates ? [MeasureMonitor(closure, run: context, pass: .validation)] : [])
    case .function(let planned):
      if planned.config.isOfTheEpoch {
        return MonitorSet(epoch: [try FunctionMonitor(planned, run: context, pass: nil)])
      }
      var set = MonitorSet()
      if planned.config.passes != .validation {
        set.training = [try FunctionMonitor(planned, run: context, pass: .train)]
      }
      if planned.config.passes != .train, validates {
        set.validation = [try FunctionMonitor(planned, run: context, pass: .validation)]
      }
      return set
    }
  }
}
