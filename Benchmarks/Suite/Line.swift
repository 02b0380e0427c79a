/// A line of the page: what is measured, in which unit, and what it should reach.
struct Line {
  enum Goal {
    case atMost(Double)
    case atLeast(Double)

    func isReached(by value: Double) -> Bool {
      switch self {
      case .atMost(let bound): value <= bound
      case .atLeast(let bound): value >= bound
      }
    }

    var text: String {
      switch self {
      case .atMost(let bound): "≤ \(Number.short(bound))"
      case .atLeast(let bound): "≥ \(Number.short(bound))"
      }
    }
  }

  let name: String
  /// The case that measures it; `make bench BENCH=group` does.
  let group: String
  let title: String
  let unit: String
  var goal: Goal?

  init(_ name: String, _ group: String, _ title: String, _ unit: String, _ goal: Goal? = nil) {
    self.name = name
    self.group = group
    self.title = title
    self.unit = unit
    self.goal = goal
  }

  /// All lines, in the order of the page.
  static let all: [Line] = [
    Line(
      "hook-c", "hooks", "A hook call through the whole host into a C callback, beside a bare indirect call",
      "times", .atMost(3)),
    Line("hook-swift", "hooks", "The same into a Swift callback", "times", .atMost(5)),
    Line("hooks-20", "hooks", "20 no-op callbacks with both batch hooks, in C", "µs/batch", .atMost(1)),
    Line("hook-null", "hooks", "A callback that has no hook of batches", "ns/batch", .atMost(0.5)),
    Line(
      "allocations", "memory", "Heap allocations per 1000 batches in steady state, all threads", "",
      .atMost(0)),

    Line("start", "start", "Process start to the first trained batch, 4-8-1", "ms", .atMost(30)),
    Line("start-floor", "start", "The same in a bare C program with two dlopens", "ms"),
    Line(
      "start-unpacking", "start",
      "What Fashion-MNIST adds to it (784-128-10), beside zcat of the same files", "times", .atMost(1)),

    Line("tiny", "tiny", "A batch of 4-8-1, 32 rows, a callback on both batch hooks", "µs/batch", .atMost(2)),
    Line("tiny-floor", "tiny", "The arithmetic alone in plain C", "µs/batch"),
    Line("one-batch-epoch", "tiny", "An epoch of one such batch with five callbacks", "µs", .atMost(10)),

    Line(
      "fashion-1", "fashion",
      "784-128-10, batch 128, Adam, validation, early stopping, csv, checkpoint: rate beside its matrix products alone",
      "%", .atLeast(85)),
    Line("fashion-2", "fashion", "The same with two threads", "%", .atLeast(75)),
    Line("wide-1", "fashion", "784-512-512-10, batch 256: the same", "%", .atLeast(90)),
    Line("wide-2", "fashion", "The same with two threads", "%", .atLeast(85)),
    Line(
      "fashion-bf16", "fashion",
      "784-128-10 with `precision: bf16`, one thread: rate beside the products alone in float32", "%",
      .atLeast(100)),
    Line("wide-bf16", "fashion", "784-512-512-10 with it, one thread: the same", "%", .atLeast(100)),
    Line(
      "accuracy", "accuracy", "784-128-10 after 5 epochs: val_accuracy, mean of five seeds", "",
      .atLeast(0.862)),
    Line(
      "accuracy-bf16", "accuracy", "The same with `precision: bf16`, beside float32 on the same seeds", "",
      .atLeast(-0.005)),

    Line("digits", "digits", "5 folds of 8 settings, data like digits (1797×64), 64-32-10, one thread", "s"),
    Line("digits-workers", "digits", "The same with two workers, beside one", "times", .atLeast(1.8)),

    Line(
      "checkpoint-write", "checkpoint",
      "A checkpoint of 784-512-512-10 with its optimizer, beside writing and syncing the bytes", "times",
      .atMost(1.5)),
    Line("checkpoint-wait", "checkpoint", "What the loop waits for it", "ms", .atMost(1)),
    Line("loading", "loading", "Loading 100 plugins, beside 100 bare dlopens", "times", .atMost(1.5)),
    Line(
      "foreign-epoch", "foreign",
      "A C function on the predictions of 10,000 rows through libffi: more than calling it directly",
      "%", .atMost(1)),
    Line(
      "foreign-call", "foreign", "A call of f(double, double) through libffi: more than a direct one", "ns"),
    Line("isolation", "isolation", "A callback in a helper process, both batch hooks", "µs/batch"),
    Line(
      "memory-peak", "memory", "Peak memory, beside data + 3 × weights and optimizer + 32 MiB", "times",
      .atMost(1)),
    Line(
      "memory-flat", "memory", "Growth of memory from batch 100,000 to batch 1,000,000", "KiB", .atMost(64)),

    Line(
      "csv-numbers", "csv", "Reading a CSV file of numbers, beside strtod on each of its cells", "times",
      .atMost(0.5)),
    Line("csv-mixed", "csv", "Reading one with texts, quotes and missing cells among them", "MB/s"),
    Line("csv-gigabyte", "csv-gigabyte", "Reading one of a gigabyte, with as many threads as cores", "MB/s"),

    Line("growth-rows", "growth", "How the time of an epoch grows with rows: exponent", ""),
    Line("growth-width", "growth", "How the time of an epoch grows with the width of a layer: exponent", ""),
    Line(
      "growth-callbacks", "growth", "How callbacks' time of a batch grows with their number: exponent", ""),
    Line("growth-plugins", "growth", "How loading grows with the number of plugins: exponent", ""),
    Line("growth-trials", "growth", "How a search grows with its trials: exponent", ""),
  ]

  static func named(_ name: String) -> Line? { all.first { $0.name == name } }
}

enum Number {
  /// Four digits, without an exponent where people write none.
  static func short(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    let size = abs(value)
    let digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let rounded = (value * scale).rounded() / scale
    return rounded == rounded.rounded() && size < 1e15 ? "\(Int(rounded))" : "\(rounded)"
  }
}
