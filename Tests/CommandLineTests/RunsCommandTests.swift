import CSQLite
import Support
import Testing
import Trainyard

/// `trainyard runs`, and the store that runs write themselves down in.
@Suite struct RunsCommandTests {
  let program: TrainyardProgram

  init() throws { program = try TrainyardProgram() }

  static let command =
    "run --data synthetic:shape=moons,rows=200 --validation 0.2 --monitor accuracy --seed 7 --quiet --epochs 2"

  /// Two runs that differ in one option.
  private func train() throws {
    for (name, rate) in [("one", "0.01"), ("two", "0.1")] {
      let answer = try program.run(
        Self.command + " --model mlp:hidden=[4],learning_rate=\(rate) --name \(name)")
      #expect(answer.status == 0, "\(answer)")
    }
  }

  /// With # for what differs between machines.
  private func settled(_ text: String) -> String {
    text.replacing(#/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/#, with: "DATE").withoutMeasurements
      .replacing(#/ +/#, with: " ")
  }

  private func fails(_ line: String, _ errors: String) throws {
    #expect(try program.run(line) == TrainyardProgram.Answer(status: 2, errors: errors), "\(line)")
  }

  @Test func `a run is in the list, with what it gave`() throws {
    try train()
    let answer = try program.run("runs list")
    #expect(answer.status == 0)
    #expect(
      settled(answer.output) == """
        id kind state best objective epochs started time
        one run finished # val_loss 2 DATE # s
        two run finished # val_loss 2 DATE # s

        """)
    #expect(try program.run("runs").output == answer.output)
    #expect(try program.run("runs list --state lost").output == "no run that is lost\n")
    #expect(try program.run("runs list --last 1").output.contains("two"))
    #expect(try !program.run("runs list --last 1").output.contains("one"))
    // The same values as in the run's own files.
    let summary = try program.json("runs/one/summary.json")
    let export = try JSONValue(parsing: try program.run("runs export one --json").output, from: "export")
    let trial = try #require(export.array?.first?["trials"]?.array?.first)
    #expect(trial["value"] == summary.at("metrics.val_loss.best"))
    let fit = try #require(trial["fits"]?.array?.first)
    #expect(fit["steps"] == summary["steps"])
    #expect(fit["seed"]?.string == "7")
    #expect(fit["metrics"]?.array?.count == 2)
    #expect(fit["metrics"]?.array?.last?["accuracy"] == summary.at("metrics.accuracy.last"))
    #expect(export.array?.first?["directions"]?["val_accuracy"]?.string == "max")
  }

  @Test func `a run, a trial and a fold can be shown`() throws {
    try train()
    let run = try program.run("runs show one")
    #expect(
      settled(run.output)
        == """
        id one
        kind run
        state finished
        value # val_loss
        seed 7
        started DATE
        time # s
        ended all 2 epochs ran
        epochs 2, 20 steps
        folder FOLDER/runs/one

        metric last best in epoch
        loss # # 2
        val_loss # # 2
        accuracy # # 2
        val_accuracy # # 2

        """.replacing("20 steps", with: "10 steps"), "\(run)")
    // As the shell completes it.
    #expect(try program.run("runs show runs/one/") == run)
    #expect(try program.run("runs show one/0").output.contains("\none/0/0  finished"))
    let fold = try program.run("runs show one/0/0 --epochs").output
    #expect(
      settled(fold).contains("\nepoch loss val_loss accuracy val_accuracy\n 1 # # # #\n 2 # # # #\n"),
      "\(fold)")
    #expect(try program.run("runs show one/0 --epochs").output.hasSuffix(fold.suffix(40)))
    let config = try JSONValue(parsing: try program.run("runs show two --config").output, from: "config")
    #expect(config.at("model.learning_rate")?.double == 0.1)
  }

  @Test func `a comparison shows what differs and what came of it`() throws {
    try train()
    let answer = try program.run("runs compare one runs/two")
    let lines = answer.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines.first == ["one", "two"])
    #expect(lines.contains(["model.learning_rate", "0.01", "0.1"]))
    #expect(!answer.output.contains("batch_size"))
    #expect(
      Set(lines.compactMap(\.first)).isSuperset(of: [
        "state", "loss", "val_loss", "accuracy", "epochs", "time",
      ]))
  }

  @Test func `the best come first, by the metric's own direction`() throws {
    try train()
    for metric in ["val_loss", "val_accuracy"] {
      let answer = try program.run("runs best --metric \(metric)")
      let rows = answer.output.split(separator: "\n").dropFirst().map { $0.split(separator: " ") }
      #expect(Set(rows.map { String($0[0]) }) == ["one", "two"], "\(answer)")
      let values = rows.compactMap { Double($0[1]) }
      #expect(values == (metric == "val_loss" ? values.sorted() : values.sorted(by: >)))
    }
    #expect(try program.run("runs best").output == program.run("runs best --metric val_loss").output)
    try fails(
      "runs best --metric val_acuracy",
      """
      error: no run has a metric 'val_acuracy'
        help:  did you mean 'val_accuracy'? there are: accuracy, loss, val_accuracy, val_loss

      """)
  }

  @Test func `names that are wrong are helped with`() throws {
    try fails(
      "runs list",
      """
      error: there is no store 'runs/trainyard.db'
        help:  a run makes one: trainyard run pipeline.yaml; one elsewhere is named with --store

      """)
    try train()
    try fails(
      "runs show onne",
      """
      error: no run is named 'onne' in 'runs/trainyard.db'
        help:  did you mean 'one'? `trainyard runs list` shows all N

      """)
    try fails("runs show one/3", "error: 'one' has no trial '3'\n  help:  it has 0 to 0\n")
    try fails("runs show one/0/7", "error: trial 'one/0' has no fold '7'\n  help:  it has: 0\n")
    try program.folder.write("notes.txt", "nothing\n")
    try fails(
      "runs list --store notes.txt",
      """
      error: cannot use the store 'notes.txt': it is not an SQLite database
        help:  name another file; a store is made where there is none

      """)
  }

  /// A search as another program would have left it: three trials of two folds, one failed.
  private func search(_ name: String) throws {
    let store = try RunStore(path: program.folder("s.db"))
    let study = try store.openStudy(
      name: name, kind: .search, configDigest: "d", config: "{\"train\": {\"epochs\": 3}}",
      objective: "val_loss",
      direction: .min)
    try study.setDirections(["val_loss": .min, "score": .max])
    for (number, rate) in ["0.1", "0.25", "0.5"].enumerated() {
      let claim = try study.claim(
        number, parameters: "{\"model.learning_rate\": \(rate), \"model.kind\": \"a,b\"}", seed: 5)
      guard case .claimed(let trial) = claim else { throw TestError("not claimed") }
      let fits = [0, 1].map { fold in
        var fit = FitRecord(fold: fold, seed: 5, outcome: "finished")
        fit.value = Double(number + fold)
        let metrics = [0.5, .nan, .infinity].enumerated().map {
          MetricRecord(epoch: $0, name: "score", value: $1 + Double(number + fold))
        }
        return (fit, metrics)
      }
      let isBad = number == 2
      try study.finish(
        trial, isBad ? .failed : .finished, value: isBad ? nil : 1 - Double(number),
        error: isBad ? "line 1\nline \"2\"" : nil, fits: isBad ? [] : fits)
    }
  }

  @Test func `names with commas, quotes and blanks come through CSV`() throws {
    let name = "a \"b\", c ü"
    try search(name)
    let csv = try program.run("runs export --csv --store s.db")
    #expect(
      csv.output == """
        study,kind,trial,state,trial_value,trial_seed,rung,repeat,fold,outcome,reason,stopped_by,epochs,steps,\
        seconds,value,folder,error,model.kind,model.learning_rate,score
        "a ""b"", c ü",search,0,finished,1.0,5,0,0,0,finished,,,0,0,0.0,0.0,,,"a,b",0.1,inf
        "a ""b"", c ü",search,0,finished,1.0,5,0,0,1,finished,,,0,0,0.0,1.0,,,"a,b",0.1,inf
        "a ""b"", c ü",search,1,finished,0.0,5,0,0,0,finished,,,0,0,0.0,1.0,,,"a,b",0.25,inf
        "a ""b"", c ü",search,1,finished,0.0,5,0,0,1,finished,,,0,0,0.0,2.0,,,"a,b",0.25,inf
        "a ""b"", c ü",search,2,failed,,5,,,,,,,,,,,,"line 1
        line ""2""\","a,b",0.5,

        """, "\(csv)")
    let metrics = try program.run("runs export --metrics --store s.db").output
    #expect(metrics.split(separator: "\n").count == 1 + 4 * 3)
    #expect(metrics.contains("\"a \"\"b\"\", c ü\",0,0,0,0,1,score,nan\n"))
    let shown = try program.run(["runs", "show", name + "/1/1", "--store", "s.db", "--epochs"])
    #expect(settled(shown.output).contains("\n 2 nan\n"), "\(shown)")
    let json = try program.run("runs export --json --store s.db").output
    let export = try JSONValue(parsing: json, from: "export")
    #expect(export.array?.first?["name"]?.string == name)
    #expect(json.contains("\"score\": \"NaN\""))
  }

  @Test func `a search shows its trials`() throws {
    try search("digits")
    #expect(
      settled(try program.run("runs list --store s.db").output) == """
        id kind state trials best objective started time
        digits search finished 3 0 val_loss DATE # s

        """)
    let trials = try program.run("runs list --study digits --store s.db").output
    #expect(
      settled(trials) == """
        id state val_loss learning_rate kind time error
        digits/0 finished 1 # a,b # s
        digits/1 finished 0 # a,b # s
        digits/2 failed # a,b # s line 1 line "2"

        """)
    #expect(try program.run("runs show digits --store s.db").output.hasSuffix("\n" + trials))
    #expect(
      try program.run("runs list --study digits --state failed --store s.db").output.contains("digits/2"))
    let best = try program.run("runs best --study digits --store s.db").output
    #expect(
      settled(best) == """
        id val_loss state started parameters
        digits/1 0 finished DATE model.learning_rate=# model.kind=a,b
        digits/0 1 finished DATE model.learning_rate=# model.kind=a,b

        """)
    // The best of each fold, which is infinite here, and no trial that failed.
    #expect(
      settled(try program.run("runs best --metric score --store s.db").output).contains("digits/0 inf "))
    let compared = try program.run("runs compare digits digits/0 --store s.db").output
    #expect(settled(compared).contains("model.learning_rate # #\n"), "\(compared)")
    #expect(compared.split(separator: "\n").first?.contains("digits/1  digits/0") == true, "\(compared)")
    try fails(
      "runs show digits --epochs --store s.db",
      """
      error: 'digits' is a search, and --epochs shows the epochs of one fit
        help:  name one, as digits/0

      """)
    try fails(
      "runs show digits/0 --epochs --store s.db",
      """
      error: 'digits/0' has 2 fits, and --epochs shows those of one
        help:  name one, as digits/0/0

      """)
    try fails(
      "runs remove digits/0 --store s.db",
      "error: 'digits/0' is a part of a study\n  help:  only a whole one can be removed\n")
  }

  @Test func `the canonical text of two equal runs is equal`() throws {
    for output in ["first", "second"] {
      try #require(
        try program.run(
          Self.command + " --model mlp:hidden=[4] --name one --output runs --set output.store=\(output).db"
        )
        .status == 0)
      try Shell.check(["rm", "-r", program.folder("runs")])
    }
    let texts = try ["first", "second"].map {
      try program.run("runs export --canonical --store \($0).db").output.split(separator: "\n").dropFirst()
    }
    // The first line has the digest of the config, in which the store's name stands.
    #expect(texts[0] == texts[1] && texts[0].count == 10)
  }

  @Test func `a killed run is lost, and says so`() throws {
    let run = try program.start(
      "run --data synthetic:rows=2000 --model mlp:hidden=[64] --epochs 1000000 --name one --quiet")
    while try !program.run("runs list --state running").output.contains("one") {
      if let result = try run.poll(seconds: 0.02) { throw TestError("the run ended: \(result)") }
    }
    run.signal(9)
    _ = try run.wait()
    let list = try program.run("runs list --state lost")
    #expect(list.output.contains("one"), "\(list)")
    let shown = try program.run("runs show one").output
    #expect(
      shown.contains("state    lost\n") && shown.contains("its process ended without a word"), "\(shown)")
    #expect(try program.run("runs remove one").status == 0)
    #expect(try program.run("runs list").output == "no run\n")
  }

  @Test func `an interrupted and a failed run are in the store as that`() throws {
    let failing =
      "run --data synthetic:rows=64 --model mlp:hidden=[] --epochs 3 --name bad --callback terminate-on-nan"
    _ = try program.run(failing + " --set model.learning_rate=1e30")
    let run = try program.start(
      "run --data synthetic:rows=2000 --model mlp:hidden=[64] --epochs 1000000 --name left --quiet")
    while try !program.run("runs list --state running").output.contains("left") {
      if let result = try run.poll(seconds: 0.02) { throw TestError("the run ended: \(result)") }
    }
    run.signal(2)
    #expect(try run.wait().status == 130)
    #expect(try program.run("runs list --state interrupted").output.contains("left"))
    #expect(try program.run("runs list --state interrupted").output.contains("bad") == false)
  }

  @Test func `a name whose folder is gone is free again`() throws {
    try train()
    try Shell.check(["rm", "-r", program.folder("runs/one")])
    #expect(try program.run(Self.command + " --model mlp:hidden=[3] --name one").status == 0)
    let config = try JSONValue(parsing: try program.run("runs show one --config").output, from: "config")
    #expect(config.at("model.hidden")?.array?.compactMap(\.int) == [3])
    // Another folder of that name, in the same store.
    let elsewhere = " --model mlp:hidden=[5] --name one --output more --set output.store=runs/trainyard.db"
    #expect(try program.run(Self.command + elsewhere).status == 0)
    #expect(try program.run("runs list").output.contains("one-2"))
  }

  @Test func `a store that cannot be used is a warning, and the run goes on`() throws {
    try program.folder.write("notes.txt", "nothing\n")
    let answer = try program.run(
      Self.command + " --model mlp:hidden=[4] --name one --set output.store=notes.txt")
    #expect(answer.status == 0)
    #expect(
      answer.errors == """
        warning: this run is not in the store: cannot use the store 'FOLDER/notes.txt': it is not an SQLite database; \
        name another file; a store is made where there is none

        """)
    #expect(try program.files("runs/one") == TrainyardProgram.runFiles)
    #expect(try readText(program.folder("notes.txt")) == "nothing\n")
  }

  @Test func `a run may keep out of the store`() throws {
    #expect(
      try program.run(Self.command + " --model mlp:hidden=[4] --name one --set output.store=false").status
        == 0)
    #expect(try program.files("runs").filter { !$0.hasPrefix("one") } == [])
    try fails(
      "run --data synthetic --model mlp --set output.store=[1]",
      """
      error: key 'store' of 'output' must be a path, or false, not a list
        where: --set, character 14, output
        help:  write runs.db, or false where no file is to keep what was run

      """)
  }

  @Test func `the store of a pipeline is found by the pipeline`() throws {
    try program.folder.write(
      "p.yaml",
      "data: {train: {dataset: synthetic, rows: 64}}\nmodel: {plugin: mlp, hidden: []}\n"
        + "train: {epochs: 1}\noutput: {folder: there, name: one, store: there/all.db}\n")
    #expect(try program.run("run p.yaml --quiet").status == 0)
    #expect(try program.run("runs list --store p.yaml").output.contains("one"))
    #expect(try program.run("runs list --store there/all.db").output.contains("one"))
  }

  @Test func `numbers in a store that nobody can have written are shown all the same`() throws {
    try train()
    var database: OpaquePointer?
    defer { sqlite3_close_v2(database) }
    try #require(sqlite3_open(program.folder("runs/trainyard.db"), &database) == SQLITE_OK)
    // The file's own checks are of no help where they are switched off.
    for text in [
      "PRAGMA ignore_check_constraints = 1",
      "UPDATE studies SET created = 9223372036854775807",
      "UPDATE trials SET started = -9223372036854775808, ended = 9223372036854775807",
      "UPDATE fits SET epochs = 9223372036854775807, steps = 9223372036854775807, seconds = 1e300",
      "UPDATE metrics SET epoch = 9223372036854775807 WHERE epoch = 1",
    ] {
      try #require(sqlite3_exec(database, text, nil, nil, nil) == SQLITE_OK, "\(text)")
    }
    for line in [
      "runs list", "runs show one", "runs show one --epochs", "runs best", "runs compare one two",
      "runs export", "runs export --json", "runs export --metrics",
    ] {
      let answer = try program.run(line)
      #expect(answer.status == 0 && answer.errors == "", "\(line): \(answer)")
    }
  }

  @Test func `a table is no wider than the terminal, and a closed pipe is no error`() throws {
    try train()
    let trainyard = try builtFolder() + "/trainyard"
    let narrow = try Shell.run(
      ["script", "-qec", "stty cols 44; '\(trainyard)' runs list", "/dev/null"], in: program.folder.path)
    let lines = narrow.output.split { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
    #expect(lines.count == 3 && lines.allSatisfy { $0.count <= 44 }, "\(narrow)")
    #expect(lines.last?.hasPrefix("two  finished") == true)
    let piped = try Shell.run(
      ["bash", "-c", "'\(trainyard)' runs export --metrics | head -n 1"], in: program.folder.path)
    #expect(piped.output == "study,trial,rung,repeat,fold,epoch,metric,value\n" && piped.errors == "")
  }
}
