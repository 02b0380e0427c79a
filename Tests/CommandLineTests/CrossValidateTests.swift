import Support
import Testing
import Trainyard

/// `trainyard cross-validate` as a user meets it.
@Suite struct CrossValidateTests {
  let program: TrainyardProgram

  init() throws {
    program = try TrainyardProgram()
    try program.folder.write(
      "p.yaml",
      Array(
        """
        data: {train: {dataset: synthetic, shape: moons, rows: 90}}
        model: {plugin: mlp, hidden: [4], learning_rate: 0.01}
        train: {epochs: 3, batch_size: 16, seed: 7}
        monitors: [accuracy]
        callbacks: [{plugin: early-stopping, monitor: val_loss, min_delta: 9, patience: 1}, progress, csv-logger]
        cross_validation: {folds: 3, stratify: true}
        """.utf8))
  }

  @Test func `the store has it, with a fit for each fold and who stopped it`() throws {
    #expect(try program.run("cross-validate p.yaml --name one").status == 0)
    let list = try program.run("runs list")
    #expect(list.status == 0 && list.output.contains("cross validation  finished"), "\(list)")
    let shown = try program.run("runs show one/0")
    #expect(shown.status == 0, "\(shown)")
    for fold in 0...2 { #expect(shown.output.contains("one/0/\(fold)"), "\(shown)") }
    let fold = try program.run("runs show one/0/1")
    #expect(fold.output.contains("early-stopping"), "\(fold)")
  }

  @Test func `a pipe gets a line for each fold, then a table`() throws {
    let answer = try program.run("cross-validate p.yaml --name one --workers 1")
    #expect(answer.status == 0)
    #expect(
      answer.errors.withoutMeasurements == """
        [1/3] fold 1: val_loss #, val_accuracy #; stopped by 'early-stopping' after 2 epochs, # s
        [2/3] fold 2: val_loss #, val_accuracy #; stopped by 'early-stopping' after 2 epochs, # s
        [3/3] fold 3: val_loss #, val_accuracy #; stopped by 'early-stopping' after 2 epochs, # s

        """)
    let lines = answer.output.split(separator: "\n").map { String($0.split(separator: " ")[0]) }
    #expect(lines == ["fold", "1", "2", "3", "mean", "deviation", "3", "folder"])
    let fold = (TrainyardProgram.runFiles + ["log.csv"]).sorted()
    for number in 1...3 { #expect(try program.files("runs/one/fold-\(number)") == fold) }
    let summary = try program.json("runs/one/summary.json")
    #expect(summary.at("outcome")?.string == "finished" && summary.at("ddof")?.int == 1)
    #expect(
      summary["fits"]?.array?.map { $0["stopped_by"]?.string } == Array(repeating: "early-stopping", count: 3)
    )
    let predictions = try readText(program.folder("runs/one/predictions.csv")).split(separator: "\n")
    #expect(predictions.count == 91 && predictions[0] == "row,fold,target,class,probability_0,probability_1")
    #expect(predictions.dropFirst().enumerated().allSatisfy { $1.hasPrefix("\($0),") })
  }

  @Test func `workers and new instances change no byte`() throws {
    for (name, flags) in [("a", "--workers 1"), ("b", "--workers 3"), ("c", "--fresh --workers 2")] {
      let answer = try program.run("cross-validate p.yaml -q --name \(name) \(flags)")
      #expect(answer.status == 0 && answer.errors == "")
    }
    for file in ["folds.csv", "predictions.csv", "fold-2/model/weights.safetensors", "fold-3/metrics.csv"] {
      let bytes = try readFile(program.folder("runs/a/\(file)"))
      #expect(try readFile(program.folder("runs/b/\(file)")) == bytes, "\(file)")
      #expect(try readFile(program.folder("runs/c/\(file)")) == bytes, "\(file)")
    }
  }

  @Test func `run trains once and says what the section is for`() throws {
    let answer = try program.run("run p.yaml --name one --validation 0.2")
    #expect(answer.status == 0)
    #expect(
      answer.errors.contains("the 'cross_validation' of this pipeline is for `trainyard cross-validate`"))
    #expect(try program.files("runs/one").contains("model"))
  }

  @Test func `more folds than rows`() throws {
    #expect(
      try program.run("cross-validate p.yaml --folds 91")
        == TrainyardProgram.Answer(
          status: 2,
          errors: """
            error: 91 folds of 90 rows: each needs a row to validate on
              help:  set 'cross_validation.folds' to 90 at most

            """))
    let series = try program.run(
      "cross-validate p.yaml --folds 9223372036854775807 --set cross_validation.strategy=time-series"
        + " --set cross_validation.stratify=false --set cross_validation.group=null")
    #expect(series.status == 2)
    #expect(
      series.errors.contains("9223372036854775807 folds in a series of 90 rows leave none"), "\(series)")
    #expect(try program.files("runs") == [])
  }

  @Test func `a class smaller than the folds is named`() throws {
    let rows = (0..<20).map { "\($0),\($0 < 18 ? "cat" : "dog")" }.joined(separator: "\n")
    try program.folder.write("pets.csv", Array("x,pet\n\(rows)\n".utf8))
    let answer = try program.run(
      "cross-validate --data csv:file=pets.csv,target=pet --model mlp:hidden=2 --epochs 1 --batch-size 4 --set cross_validation.stratify=true -q"
    )
    #expect(answer.status == 0)
    #expect(
      answer.errors
        == "warning: the class 'dog' has 2 rows, and there are 5 folds: 3 of them hold out none of it\n")
  }

  @Test func `a group field that is not there`() throws {
    let answer = try program.run("cross-validate p.yaml --set cross_validation.group=patient")
    #expect(answer.status == 2)
    #expect(
      answer.errors == """
        error: dataset 'synthetic' has no field 'patient' to group by
          help:  its fields are: 'x', 'label'

        """)
  }

  @Test func `a table of the size of digits in one command`() throws {
    let pipeline = packageFolder() + "/examples/cross-validation/pipeline.yaml"
    let answer = try program.run(["cross-validate", pipeline, "--name", "digits", "--epochs", "3"])
    #expect(answer.status == 0)
    let summary = try program.json("runs/digits/summary.json")
    #expect(summary["fits"]?.array?.count == 5)
    let lines = try readText(program.folder("runs/digits/predictions.csv")).split(separator: "\n")
    #expect(lines.count == 1798)
  }
}
