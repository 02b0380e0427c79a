import Glibc
import Support
import Testing
import Trainyard

/// A clock that somebody sets, forwards and backwards, while a run goes on: spans of time are measured by one that never
/// jumps.
@Suite struct ClockTests {
  let program: TrainyardProgram
  private let clock: String

  init() throws {
    program = try TrainyardProgram()
    clock = program.folder("libclock.so")
    let source = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    try Shell.check([
      "cc", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "/\(source)/Fixtures/clock.c", "-o",
      clock,
    ])
    try program.folder.write(
      "p.yaml",
      """
      data: {train: {dataset: synthetic, rows: 90, noise: 0.3}, validation: {fraction: 0.3}}
      model: {plugin: mlp, hidden: [6], dropout: 0.1}
      train: {epochs: 5, batch_size: 8, seed: 3}
      monitors: [accuracy]
      callbacks:
        - {plugin: early-stopping, patience: 99, isolate: true}
        - csv-logger
        - {plugin: timer, duration: 1h}
        - {plugin: ema-weights, momentum: 0.9}
      checkpoints: {every_seconds: 3600, keep_finished: true}

      """)
    // Nothing in it is waited for: a deadline would have passed before anyone could answer.
    try program.folder.write(
      "inside.yaml",
      """
      data: {train: {dataset: synthetic, rows: 90, noise: 0.3}, validation: {fraction: 0.3}}
      model: {plugin: mlp, hidden: [6]}
      train: {epochs: 5, batch_size: 8, seed: 3}
      callbacks: [{plugin: timer, duration: 1h}]
      checkpoints: {every_seconds: 3600, keep_finished: true}
      search: {trials: 3, metric: loss, time_limit: 1h, parameters: {model.learning_rate: [0.1, 0.01, 0.001]}}

      """)
  }

  private func run(_ line: String, clock mode: String) throws -> TrainyardProgram.Answer {
    // Sanitizers, where the program has them, want to come first.
    try program.run(
      line,
      after: "export LD_PRELOAD='\(clock)' CLOCK=\(mode) ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0"
    )
  }

  private func seconds(_ run: String) throws -> Double {
    try #require(try program.json("\(run)/summary.json").at("seconds")?.double)
  }

  @Test func `a clock that jumps changes nothing in a run`() throws {
    #expect(try program.run("run p.yaml --quiet --name still").status == 0)
    let answer = try run("run p.yaml --quiet --name jumps", clock: "wall")
    #expect(answer.status == 0 && answer.errors == "", "\(answer)")
    #expect(try program.left("runs/jumps") == program.left("runs/still"))
    #expect(try (0..<600).contains(seconds("runs/jumps")))
    // None was due before the end.
    #expect(try program.files("runs/jumps/resume").contains("00000001/state.json"))
    let listed = try program.run("runs list")
    #expect(!listed.output.contains(" -"), "\(listed)")
    // The clock says another day, and the run is taken up all the same.
    #expect(try run("resume runs/jumps --epochs 7 --quiet", clock: "wall").status == 0)
    #expect(try program.run("resume runs/still --epochs 7 --quiet").status == 0)
    #expect(try program.left("runs/jumps") == program.left("runs/still"))
  }

  @Test func `the time limit of a search does not jump with the clock`() throws {
    let answer = try run("search inside.yaml --name s --workers 1 --quiet", clock: "wall")
    #expect(answer.status == 0, "\(answer)")
    #expect(try program.json("runs/s/summary.json").at("trials.finished")?.int == 3)
    let late = try run("search inside.yaml --name late --workers 1 --quiet", clock: "fast")
    #expect(try program.json("runs/late/summary.json").at("outcome")?.string == "time_limit", "\(late)")
  }

  /// That the tests above see what they mean to: time that goes by does end a run, and bring checkpoints.
  @Test func `time that really goes by counts`() throws {
    let timed = try run("run inside.yaml --name timed", clock: "fast")
    #expect(timed.status == 0)
    let summary = try program.json("runs/timed/summary.json")
    #expect(
      summary.at("outcome")?.string == "stopped" && summary.at("stopped_by")?.string == "timer", "\(timed)")
    #expect(try seconds("runs/timed") > 3600)
    #expect(
      try run("run inside.yaml --name due --set callbacks=[] --set checkpoints.keep=1", clock: "fast").status
        == 0)
    let kept = try program.files("runs/due/resume")
    #expect(!kept.contains("00000001"), "those before have gone")
  }
}
