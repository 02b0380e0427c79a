import Baselines
import Support
import Trainyard

extension Bench {
  /// From the start of a process to its first trained batch.
  func start() throws -> [Figure] {
    let meterPlugin = "\ncallbacks: [{plugin: \(try plugin("bench-meter"))}]"
    let tinyRun =
      """
      data: {train: {dataset: synthetic, shape: linear, features: 4, rows: 320}}
      model: {plugin: mlp, hidden: [8], optimizer: sgd}
      train: {epochs: 1, batch_size: 32}
      """ + meterPlugin
    let fashionRun =
      """
      data: {train: \(FashionMNIST.dataset("train")), validation: {fraction: 0.1}, scale: 255}
      model: {plugin: mlp, hidden: [128]}
      train: {epochs: 1, batch_size: 128, max_steps: 2}
      """ + meterPlugin
    let files = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"].map { FashionMNIST.folder + $0 }

    var bodies: [() throws -> Double] = [
      { try self.meter(tinyRun).firstBatch }, { try self.floor() },
    ]
    if FashionMNIST.isThere {
      bodies += [
        { try self.meter(fashionRun).firstBatch },
        {
          let start = baseline_now()
          try Shell.check(["sh", "-c", "zcat \(files.joined(separator: " ")) | cat >/dev/null"])
          return baseline_now() - start
        },
      ]
    }
    // The first of each warms the file cache.
    for body in bodies { _ = try body() }
    let values = try Rounds.alternate(rounds, bodies)
    var figures = [
      Figure("start", rounds: values[0].map { $0 * 1e3 }),
      Figure("start-floor", rounds: values[1].map { $0 * 1e3 }),
    ]
    if values.count > 2 {
      figures.append(
        Figure(
          "start-unpacking", rounds: (values[2] - values[0]) / values[3],
          parts: [
            ("first_batch_ms", Rounds.median(values[2]) * 1e3), ("zcat_ms", Rounds.median(values[3]) * 1e3),
          ]))
    }
    return figures
  }

  private func floor() throws -> Double {
    let words = [try floorProgram(), try plugin("bench-meter"), "libopenblas.so.0"]
    let start = baseline_now()
    let output = try Shell.check(words).output
    guard let text = output.split(separator: " ").first, let time = Double(text) else {
      throw TestError("the floor program said \(output)")
    }
    return time / 1e9 - start
  }
}
