import Glibc
import Support
import Testing
import Trainyard

/// `trainyard search` as a user meets it.
@Suite struct SearchTests {
  let program: TrainyardProgram

  init() throws {
    program = try TrainyardProgram()
    try write("p.yaml")
  }

  /// About a tenth of a second for each trial.
  private func write(_ name: String, trials: Int = 12, epochs: Int = 30) throws {
    try program.folder.write(
      name,
      Array(
        """
        data:
          train: {dataset: synthetic, shape: moons, rows: 400, noise: 0.2}
          validation: {fraction: 0.25}
        model: {plugin: mlp, hidden: [32, 32]}
        train: {epochs: \(epochs), batch_size: 8, seed: 7}
        monitors: [accuracy]
        callbacks: [{plugin: early-stopping, monitor: val_loss, patience: 20}]
        search:
          trials: \(trials)
          lag: 3
          tpe: {startup_trials: 4}
          halving: {min_epochs: 3, reduction_factor: 2}
          parameters:
            model.learning_rate: {log_uniform: [0.0001, 0.1]}
            model.optimizer: [adam, sgd]
            callbacks.early-stopping.patience: {int: [2, 20]}

        """.utf8))
  }

  private func dump(_ folder: String) throws -> String {
    try RunStore(path: program.folder("\(folder)/trainyard.db"), .readOnly).canonicalDump()
  }

  /// `trial-000/metrics.csv` and so on, with what is in them.
  private func files(_ folder: String) throws -> [String] {
    try program.files(folder).filter { $0.hasSuffix("metrics.csv") || $0.hasSuffix("best.yaml") }.map {
      "\($0): \(try readText(program.folder("\(folder)/\($0)")).replacing(folder, with: "RUNS"))"
    }
  }

  @Test func `a search that is killed twice and begun again ends as one that was not`() throws {
    let whole = try program.run("search p.yaml --output whole --name s --workers 1")
    #expect(whole.status == 0, "\(whole)")
    for trial in [2, 6] {
      let killed = try program.start("search p.yaml --output killed --name s --workers 2")
      let begun = program.folder("killed/s/trial-00\(trial)/metrics.csv")
      // In the middle of a trial, wherever that is.
      var hasEnded = false
      while !hasEnded, access(begun, F_OK) != 0 { hasEnded = try killed.poll(seconds: 0.01) != nil }
      // On a slow machine it may have ended by itself between two looks.
      if hasEnded { continue }
      killed.signal(SIGKILL)
      #expect([0, 128 + SIGKILL].contains(try killed.wait().status))
    }
    let last = try program.run("search p.yaml --output killed --name s --workers 2")
    #expect(last.status == 0)
    // What had ended is not done again.
    #expect(!last.errors.contains(" trial 0: "), "\(last.errors)")
    #expect(try dump("killed") == dump("whole"))
    #expect(try files("killed") == files("whole"))
    #expect(last.output.replacing("killed", with: "whole") == whole.output)
  }

  @Test func `two processes share the trials of a search`() throws {
    let alone = try program.run("search p.yaml --output alone --name s -q --workers 1")
    let first = try program.start("search p.yaml --output both --name s --workers 1")
    let second = try program.start("search p.yaml --output both --name s --workers 1")
    let answers = [
      program.answer(try first.wait()), program.answer(try second.wait()),
    ]
    #expect(answers.map(\.status) == [0, 0], "\(answers)")
    #expect(try dump("both") == dump("alone"))
    for answer in answers { #expect(answer.output.replacing("both", with: "alone") == alone.output) }
    let lines = answers.flatMap { $0.errors.split(separator: "\n") }
    for number in 0..<12 {
      #expect(lines.count { $0.contains(" trial \(number): ") } == 1, "trial \(number):\n\(lines)")
    }
  }

  /// Of two processes one is killed in the middle of a trial: the other does that trial again, and no other.
  @Test(arguments: [false, true])
  func `a search that loses one of its processes loses no trial and does none twice`(asynchronous: Bool)
    throws
  {
    let settings = "--name s --workers 1 --set search.asynchronous=\(asynchronous)"
    let doomed = try program.start("search p.yaml --output both \(settings)")
    let other = try program.start("search p.yaml --output both \(settings)")
    let lost = try killInATrial(doomed)
    let answer = program.answer(try other.wait())
    #expect(answer.status == 0, "\(answer)")
    let trials = try study().trials()
    #expect(trials.map(\.number) == Array(0..<12))
    #expect(trials.allSatisfy { $0.state == .finished || $0.state == .pruned }, "\(trials.map(\.state))")
    #expect(trials.map(\.attempt) == (0..<12).map { $0 == lost ? 2 : 1 })
    for trial in trials { #expect(try study().fits(of: trial).count == 1) }
    let lines =
      try doomed.wait().errors.split(separator: "\n") + answer.errors.split(separator: "\n")
    for number in 0..<12 {
      #expect(lines.count { $0.contains(" trial \(number): ") } <= 1, "trial \(number):\n\(lines)")
    }
    // Nothing is left to do. In order, what came out is what one process alone makes.
    let again = try program.run("search p.yaml --output both \(settings)")
    #expect(again.status == 0 && !again.errors.contains(" trial "), "\(again)")
    if !asynchronous {
      #expect(try program.run("search p.yaml --output alone -q \(settings)").status == 0)
      #expect(try dump("both") == dump("alone"))
    }
  }

  private func study() throws -> Study {
    try #require(try RunStore(path: program.folder("both/trainyard.db"), .readOnly).study(named: "s"))
  }

  /// A signal is sent before all threads have obeyed it.
  private func hasStopped(_ process: RunningProgram) throws -> Bool {
    let tasks = "/proc/\(process.processID)/task"
    return try Shell.run(["ls", tasks]).output.split(separator: "\n").allSatisfy { task in
      // One that has gone does nothing any more.
      guard let text = try? readText("\(tasks)/\(task)/stat"), let end = text.lastIndex(of: ")") else {
        return true
      }
      return "TZX".contains(text[end...].dropFirst(2).first ?? "?")
    }
  }

  /// Kills a process that is in the middle of a trial beyond the second; gives its number.
  private func killInATrial(_ process: RunningProgram) throws -> Int {
    for _ in 0..<120_000 {
      if let result = try process.poll(seconds: 0.005) { throw TestError("it ended: \(result)") }
      // Looked for among the files first: a process that is stopped while it makes the store keeps all others from it.
      let begun = (2..<12).filter {
        access(program.folder("both/s/trial-\($0 < 10 ? "00" : "0")\($0)/events.jsonl"), F_OK) == 0
      }
      if begun.isEmpty { continue }
      // Stopped while it is looked at: it cannot end the trial meanwhile.
      process.signal(SIGSTOP)
      while try !hasStopped(process) { usleep(1000) }
      let own = try study().trials().first {
        begun.contains($0.number) && $0.state == .running && $0.owner?.pid == process.processID
      }
      if let own {
        process.signal(SIGKILL)
        return own.number
      }
      process.signal(SIGCONT)
    }
    throw TestError("the process was in no trial within ten minutes")
  }

  @Test func `five folds by eight settings of a table like digits are one command`() throws {
    try program.folder.write(
      "digits.yaml",
      Array(
        """
        data:
          train: {dataset: synthetic, shape: blobs, rows: 1797, features: 64, classes: 10, noise: 1.5}
          standardize: true
        model: {plugin: mlp, hidden: [16], learning_rate: 0.01}
        train: {epochs: 4, batch_size: 64, seed: 7}
        monitors: [accuracy]
        callbacks: [{plugin: early-stopping, monitor: val_loss, patience: 1}]
        cross_validation: {folds: 5, stratify: true}
        search:
          strategy: grid
          metric: val_accuracy
          parameters: {model.learning_rate: [0.01, 0.001], model.hidden: [[16], [32]], model.optimizer: [adam, sgd]}

        """.utf8))
    let answer = try program.run("search digits.yaml --name digits")
    #expect(answer.status == 0, "\(answer)")
    #expect(answer.errors.split(separator: "\n").count == 8, "\(answer.errors)")
    #expect(answer.errors.contains("[8/8] trial "))
    #expect(answer.output.contains("8 trials: 8 finished"))
    let study = try #require(try RunStore(path: program.folder("runs/trainyard.db")).study(named: "digits"))
    for trial in try study.trials() {
      let fits = try study.fits(of: trial)
      #expect(fits.map(\.fold) == [0, 1, 2, 3, 4])
      let mean = fits.compactMap(\.value).reduce(0, +) / 5
      #expect(trial.value == mean)
    }
    #expect(try program.files("runs/digits/trial-007").contains("fold-5/model/weights.safetensors"))
    let best = try program.run("run runs/digits/best.yaml --name best --set data.validation.fraction=0.2 -q")
    #expect(best.status == 0, "\(best)")
  }

  @Test func `what a person is told, from the plan to the best trial`() throws {
    let plan = try program.run("search p.yaml --name s --dry-run")
    #expect(
      plan.output == """
        search s: tpe, 12 trials
        objective val_loss, at the best epoch
        halving at epochs 3, 6, 12, 24
          model.learning_rate                0.0001 to 0.1, logarithmic
          model.optimizer                    "adam", "sgd"
          callbacks.early-stopping.patience  2 to 20

        """)
    #expect(try program.files("runs") == [], "nothing was made")
    let answer = try program.run("search p.yaml --name s --trials 3 --epochs 2 --workers 1")
    #expect(answer.status == 0)
    let lines = answer.errors.withoutMeasurements.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[0].hasPrefix("[1/3] trial 0: val_loss #; 2 epochs, # s; model.learning_rate=#"), "\(lines)")
    let output = answer.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(output[0] == ["trial", "val_loss", "epochs", "learning_rate", "optimizer", "patience"])
    #expect(output[4] == ["3", "trials:", "3", "finished"])
    #expect(answer.output.contains("run it    trainyard run FOLDER/runs/s/best.yaml\n"), "\(answer.output)")
    #expect(try program.run("run runs/s/best.yaml -q --name best").status == 0)
    #expect(try program.run("runs show s").output.contains("learning_rate"))
  }

  static let bad: [(flags: String, status: Int32, error: String)] = [
    ("--set search.parameters.x=[1]", 2, "'x' is no option of this pipeline"),
    ("--set search=null", 2, "the pipeline has no section 'search'"),
    ("--set search.metric=val_acc --epochs 1", 2, "no metric 'val_acc' is known before training"),
    ("--set search.metric=val_acc --set search.direction=max --epochs 1", 2, "reported no 'val_acc'"),
    ("--trials 0", 2, "key 'trials' of 'search' must be at least 1, not 0"),
    ("--time-limit soon", 2, "key 'time_limit' of 'search' must be a duration"),
    (
      "--set search.parameters={model.learning_rate:\\ [1e30]} --set search.strategy=grid --set search.tpe=null",
      1,
      "all trials failed"
    ),
    ("--store p.yaml", 2, "it is not an SQLite database"),
    // A value of it would take 72 petabytes.
    (
      "--set search.parameters={train.epochs:\\ {int:\\ [1,\\ 9007199254740992]},"
        + "\\ train.batch_size:\\ {choice:\\ [8,\\ 16],\\ when:\\ {train.epochs:\\ 3}}}"
        + " --set search.strategy=grid --set search.tpe=null",
      2, "the grid has too many points, and 1000000 are the most"
    ),
  ]

  @Test(arguments: bad)
  func `a search that cannot be done says why`(flags: String, status: Int32, error: String) throws {
    let words = flags.replacing("\\ ", with: "\u{1}").split(separator: " ").map {
      String($0).replacing("\u{1}", with: " ")
    }
    let answer = try program.run(["search", "p.yaml", "--name", "s", "--workers", "1"] + words)
    #expect(answer.status == status, "\(answer)")
    #expect(answer.errors.contains(error), "\(answer)")
    #expect(answer.errors.contains("help:"), "\(answer)")
  }

  @Test(arguments: ["--time-limit 1e300h", "--time-limit inf", "--trials 9223372036854775807"])
  func `a limit may be as large as one likes`(flags: String) throws {
    let answer = try program.run("search p.yaml --name s --dry-run \(flags)")
    #expect(answer.status == 0, "\(answer)")
  }

  @Test func `more folds than a number can hold are refused as too many`() throws {
    let answer = try program.run([
      "search", "p.yaml", "--set", "cross_validation={folds: 4611686018427387904, repeats: 4}", "--set",
      "search.halving={min_folds: 2}",
    ])
    #expect(answer.status == 2)
    #expect(answer.errors.contains("error: 4611686018427387904 folds of 400 rows"), "\(answer)")
  }

  @Test func `the same name with another config is refused, and says what differs`() throws {
    #expect(try program.run("search p.yaml --name s --trials 1 --epochs 2 -q").status == 0)
    let answer = try program.run("search p.yaml --name s --trials 1 --epochs 3 -q")
    #expect(answer.status == 2)
    #expect(
      answer.errors == """
        error: the search 's' in 'FOLDER/runs/trainyard.db' has another config: train.epochs is 2 there and 3 here
          help:  give this one another name with --name, or remove the old one: trainyard runs remove s

        """)
  }
}
