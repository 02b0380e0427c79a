import Glibc
import Support
import Testing

/// `train.threads` is the one place where threads are said: engines with pools of their own keep to it.
@Suite(.enabled(if: BoosterProgram.python != nil)) struct ThreadTests {
  private static let models = ["xgboost", "lightgbm"] + (hasTorch ? ["torch"] : [])

  /// Threads of the process at the end of the last epoch. Pools stay when their work is done.
  private func threads(_ model: String, _ wanted: Int) throws -> Double {
    let program = try BoosterProgram()
    let module = model == "torch" ? ", module: \(try TorchProgram.module("binary"))" : ""
    try program.folder.write(
      "p.yaml",
      """
      data: {train: {dataset: synthetic, shape: moons, rows: 40000}}
      model: {plugin: \(model)\(module)}
      train: {epochs: 3, batch_size: 40000, seed: 5, threads: \(wanted)}
      callbacks: [process-stats-monitor]
      output: {folder: runs}
      """)
    let ran = try program.run(["run", "p.yaml", "--quiet", "--name", "r"])
    try #require(ran.status == 0, "\(ran.errors)")
    let rows = try readText(program.folder("runs/r/metrics.csv")).split(separator: "\n")
    let column = try #require(rows.first?.split(separator: ",").firstIndex(of: "process_threads"))
    return try #require(rows.last.flatMap { Double($0.split(separator: ",")[column]) })
  }

  @Test(.enabled(if: sysconf(Int32(_SC_NPROCESSORS_ONLN)) > 1), arguments: models)
  func `an engine computes with the threads of the run`(model: String) throws {
    let (one, five) = (try threads(model, 1), try threads(model, 5))
    // Some libraries keep a thread for each core from the beginning, and some use no more than there are cores.
    #expect(five > one, "\(one), \(five)")
  }

  @Test(arguments: ["xgboost", "lightgbm"]) func `threads are said in one place`(model: String) throws {
    let program = try BoosterProgram()
    let answer = try program.run([
      "run", "--data", "synthetic:shape=moons", "--model", "\(model):threads=3", "--epochs", "1",
    ])
    #expect(answer.status != 0)
    #expect(answer.errors.contains("say 'threads' under 'train'"), "\(answer.errors)")
  }
}
