import Testing

/// Every callback that is built, with settings under which it remembers as much as it can. A callback that is not in
/// here fails a test.
struct ReuseRow: Sendable, CustomTestStringConvertible {
  var id: String
  /// Each as on the command line, behind the id. Some make the callback fail in a hook of its own accord.
  var settings: [String]
  /// It measures the machine, or waits for another: numbers, and the moment of what it says, differ from run to run
  /// and are left out when runs are compared.
  var measures = false

  init(_ id: String, _ settings: String..., measures: Bool = false) {
    self.id = id
    self.settings = settings
    self.measures = measures
  }

  var testDescription: String { id }

  static let table: [ReuseRow] = [
    ReuseRow(
      "early-stopping", "patience=1,monitor=score,restore_best_weights=true",
      "monitor=val_loss,patience=2,strict=false,baseline=0.5", "monitor=gap,patience=1",
      "rules=lightning,monitor=loss,patience=2,check_finite=false",
      "rules=lightning,monitor=score,mode=max,patience=3,stopping_threshold=0.95",
      "rules=lightning,monitor=loss,patience=5,divergence_threshold=0.6"),
    ReuseRow("csv-logger", "", "append=true,separator=;"),
    ReuseRow(
      "model-checkpoint", "monitor=score,save_best_only=true",
      "monitor=loss,save_freq=4,filename='b{batch:03d}'",
      "monitor=val_loss,filename='{epoch:02d}-{val_loss:.2f}',strict=false",
      "rules=lightning,monitor=loss,save_top_k=2,save_last=true,filename=m",
      "rules=lightning,every_n_train_steps=3,save_top_k=-1", "rules=lightning,train_time_interval=20s",
      "rules=lightning,save_last=true,every_n_epochs=2",
      "monitor=loss,save_best_only=true,initial_value_threshold=0.45"),
    ReuseRow("progress", ""),
    ReuseRow(
      "reduce-lr-on-plateau", "monitor=score,patience=1,cooldown=1,factor=0.5",
      "monitor=val_loss,patience=1,strict=false"),
    ReuseRow(
      "learning-rate-scheduler", "schedule=halve-every,parameters={every: 2}",
      "schedule=cosine-decay,parameters={initial_learning_rate: 0.1, decay_steps: 20},interval=step",
      "schedule=one-cycle,parameters={max_lr: 0.1, total_steps: 200},interval=step",
      "schedule=cosine-decay-restarts,parameters={first_decay_steps: 3}",
      "schedule=exp-after,parameters={start: 2}", "schedule=linear-warmup,parameters={warmup: 4}",
      "schedule=piecewise-constant-decay,parameters={boundaries: [1, 3], values: [0.1, 0.05, 0.01]}"),
    ReuseRow("terminate-on-nan", "", "raise_error=true"),
    ReuseRow("gradient-accumulation-scheduler", "scheduling={1: 2, 3: 4}"),
    ReuseRow("learning-rate-monitor", "log_momentum=true,log_weight_decay=true", "logging_interval=step"),
    ReuseRow("timer", "duration=35s", "duration=35s,interval=epoch"),
    ReuseRow("spike-detection", "rtol=0.5", "on_spike=stop,finite_only=false"),
    ReuseRow("on-exception-checkpoint", ""),
    ReuseRow(
      "call",
      "library=libm.so.6,symbol=fabs,returns=f64,args=[{bind: loss, as: f64}],result=magnitude,direction=min",
      "library=libm.so.6,symbol=isnan,returns=i32,args=[{bind: loss, as: f64}],hooks=on_batch_end,stop=true",
      // A context that the first call makes not zero: what it holds must not be there in the next run.
      "library=libm.so.6,symbol=frexp,returns=f64,args=[{bind: loss, as: f64}, {context: 4, as: '*i32'}],result=part"
    ),
    ReuseRow(
      "ema-weights", "momentum=0.5", "momentum=0.75,swap=validation,overwrite_frequency=3",
      "momentum=0.5,swap=none"),
    ReuseRow("stochastic-weight-averaging", "swa_lrs=0.05,swa_epoch_start=2,annealing_epochs=2"),
    ReuseRow("json-lines-logger", "", "append=true,every_n_batches=2"),
    ReuseRow(
      "tensorboard", "histogram_freq=2,update_freq=batch", "write_steps_per_second=true,update_freq=3"),
    ReuseRow("model-summary", ""),
    ReuseRow("process-stats-monitor", "", measures: true),
    ReuseRow("throughput-monitor", "window_size=3"),
    ReuseRow("remote-monitor", "root='http://127.0.0.1:9',timeout=60s", measures: true),
  ]

  /// Rows whose library is not there yet. One that comes must leave the list.
  static let awaited: Set<String> = []
}
