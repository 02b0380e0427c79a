import Support
import Testing
import Trainyard

/// What is done with a model after its run: from the run's folder alone.
@Suite struct TrainedModelTests {
  let program: TrainyardProgram

  init() throws {
    program = try TrainyardProgram()
    // Three well separated classes, one with a name that CSV must quote, and a categorical feature.
    let animals = ["\"cat, big\"", "dog", "owl"]
    var rows = "a,b,k,animal\n"
    var fresh = "a,b,k\n"
    for row in 0..<60 {
      let animal = row % 3
      let features = "\(animal * 3).\(row % 7),-\(animal * 2).\(row % 5),\(["red", "green"][row % 2])"
      rows += features + ",\(animals[animal])\n"
      if row < 5 { fresh += features + "\n" }
    }
    try program.folder.write("train.csv", rows)
    try program.folder.write("new.csv", fresh)
    try program.folder.write("gap.csv", "a,b,k\n1,2,red\n3,,green\n")
    let answer = try program.run(
      "run --data \(Self.data) --validation \(Self.data) --model mlp:hidden=[8],learning_rate=0.05 --epochs 20 "
        + "--batch-size 10 --set data.standardize=true --monitor accuracy --name one --seed 3")
    try #require(answer.status == 0, "\(answer)")
  }

  static let data = "csv:file=train.csv,target=animal,categorical=[k]"

  @Test func `evaluating on the same rows gives the run's last validation metrics`() throws {
    let lines = try readText(program.folder("runs/one/metrics.csv")).split(separator: "\n").map {
      $0.split(separator: ",").map(String.init)
    }
    let last = Dictionary(uniqueKeysWithValues: zip(lines[0], lines[lines.count - 1]))
    let answer = try program.run("evaluate runs/one --data \(Self.data) --monitor accuracy --json")
    #expect(answer.status == 0)
    #expect(answer.errors == "")
    let values = try JSONValue(parsing: answer.output, from: "evaluate")
    #expect(values["loss"]?.double.map { "\($0)" } == last["val_loss"])
    #expect(values["accuracy"]?.double.map { "\($0)" } == last["val_accuracy"])

    // The same for people, and from a folder that has moved.
    try Shell.check(["mv", program.folder("runs/one"), program.folder("moved")])
    let text = try program.run("evaluate moved --data \(Self.data) --monitor accuracy")
    #expect(text.status == 0)
    #expect(text.output == "loss      \(last["val_loss"] ?? "")\naccuracy  \(last["val_accuracy"] ?? "")\n")
    #expect(
      try program.run("evaluate moved/model --data \(Self.data)").output
        == "loss  \(last["val_loss"] ?? "")\n")
  }

  @Test func `predictions name the classes, and need no target`() throws {
    try Shell.check(["mv", program.folder("runs/one"), program.folder("moved")])
    let line = "predict moved --data csv:file=new.csv,categorical=[k]"
    let answer = try program.run(line)
    #expect(answer.status == 0)
    #expect(answer.errors == "")
    let lines = answer.output.split(separator: "\n")
    #expect(lines.first == "row,class,\"probability_cat, big\",probability_dog,probability_owl")
    #expect(lines.count == 6)
    #expect(
      lines[1...].map { $0.prefix(8) }
        == ["0,\"cat, b", "1,dog,0.", "2,owl,", "3,\"cat, b", "4,dog,0."].map {
          Substring($0).prefix(8)
        } || lines[3].hasPrefix("2,owl,"))

    #expect(try program.run(line + " --output answers.csv") == TrainyardProgram.Answer(status: 0))
    #expect(try readText(program.folder("answers.csv")) == answer.output)
    // In batches of any size.
    #expect(try program.run(line + " --batch-size 2").output.split(separator: "\n").count == 6)
  }

  // MARK: Isolation

  private static let fixtures = componentsFolder + "/../../TrainyardTests/Isolation/Fixtures"

  @Test(arguments: [
    ("", "", " --isolate"), (",isolate=true", ",isolate=true", ""),
    (",isolate=false", ",isolate=true", " --isolate"),
  ])
  func `isolated plugins give the same`(data: String, monitor: String, flag: String) throws {
    let evaluate = "evaluate runs/one --json --data \(Self.data)"
    let here = try program.run(evaluate + " --monitor accuracy")
    #expect(here.status == 0)
    #expect(try program.run(evaluate + "\(data) --monitor accuracy:isolate=false") == here)
    let there = try program.run(
      evaluate + data + " --monitor accuracy" + monitor.replacing(",", with: ":") + flag)
    #expect(there == here)
    let predict = "predict runs/one --data csv:file=new.csv,categorical=[k]"
    #expect(try program.run(predict + data + flag) == program.run(predict))
  }

  @Test func `a plugin that crashes is told of where it is isolated, and ends the program where it is not`()
    throws
  {
    _ = try compileLibrary([Self.fixtures + "/faults.c"], as: "faults", in: program.folder)
    let crash = "fault=segfault,hook=update"
    func evaluate(_ keys: String, _ flag: String = "") throws -> TrainyardProgram.Answer {
      try program.run(
        "evaluate runs/one --data \(Self.data) --monitor ./libfaults.so:\(crash)\(keys)\(flag)",
        after: "export SWIFT_BACKTRACE=enable=no")
    }
    for (keys, flag) in [("", " --isolate"), (",isolate=true", ""), (",isolate=true", " --isolate")] {
      let answer = try evaluate(keys, flag)
      #expect(answer.status == 2 && answer.output == "", "\(answer)")
      #expect(
        answer.errors.hasPrefix(
          "error: monitor 'faulty-mean' failed in update: its helper process crashed: signal 11 (SIGSEGV)"
        ),
        "\(answer)")
    }
    #expect(try evaluate("").status == 139)
    #expect(try evaluate(",isolate=false", " --isolate").status == 139)
    // The dataset of the same library.
    let rows = "./libfaults.so:fault=segfault,hook=read"
    let answer = try program.run("predict runs/one --data \(rows) --isolate")
    #expect(answer.status != 139 && answer.errors.contains("error: "), "\(answer)")
  }

  @Test func `a model without weights is used as one that has some`() throws {
    _ = try compileLibrary(
      [Self.fixtures + "/faulty_model.c"], as: "weightless", in: program.folder,
      flags: [
        "-I", componentsFolder + "/../../../examples/model-in-c", "-DWEIGHTLESS",
        "-Wno-unused-const-variable",
        "-Wno-unused-function",
      ])
    let data = Self.data.replacing("animal", with: "k").replacing("[k]", with: "[animal]")
    var predictions: [String] = []
    for isolate in ["false", "true"] {
      let model = "./libweightless.so:isolate=\(isolate)"
      let trained = try program.run(
        "run --data \(data) --model \(model) --epochs 2 --seed 3 --name w-\(isolate)")
      try #require(trained.status == 0, "\(trained)")
      let predicted = try program.run("predict runs/w-\(isolate) --data \(data) --plugins .")
      #expect(predicted.status == 0, "\(predicted)")
      predictions.append(predicted.output)
    }
    #expect(predictions[0] == predictions[1])
  }

  @Test func `a model is kept apart by the flag, and what it says is passed on`() throws {
    _ = try compileLibrary(
      [Self.fixtures + "/faulty_model.c"], as: "faulty-model", in: program.folder,
      flags: ["-I", componentsFolder + "/../../../examples/model-in-c", "-Wno-unused-const-variable"])
    func train(_ keys: String, _ name: String) throws -> TrainyardProgram.Answer {
      try program.run(
        "run --data \(Self.data.replacing("animal", with: "k").replacing("[k]", with: "[animal]")) "
          + "--set data.validation.fraction=0.5 --model ./libfaulty-model.so:\(keys) --epochs 3 --batch-size 10 "
          + "--set train.validation_batch_size=10 --seed 3 --name \(name)")
    }
    func said(_ answer: TrainyardProgram.Answer, _ call: String) -> Int {
      answer.errors.split(separator: "\n").count { $0 == "in \(call)" }
    }
    for isolate in ["false", "true"] {
      let trained = try train("fault=talk,isolate=\(isolate)", "talk-\(isolate)")
      #expect(trained.status == 0, "\(trained)")
      // Three batches of validation in each of three epochs: of the last one, too.
      #expect(said(trained, "evaluate") == 9, "\(trained)")
      let data = Self.data.replacing("animal", with: "k").replacing("[k]", with: "[animal]")
      let evaluated = try program.run(
        "evaluate runs/talk-\(isolate) --data \(data) --plugins . --batch-size 20")
      #expect(evaluated.status == 0)
      #expect(said(evaluated, "evaluate") == 3 && said(evaluated, "assign") == 1, "\(evaluated)")
      let predicted = try program.run(
        "predict runs/talk-\(isolate) --data \(data) --plugins . --batch-size 30")
      #expect(said(predicted, "evaluate") == 2 && said(predicted, "assign") == 1, "\(predicted)")
    }
    // It evaluates twice in the run, and not a third time.
    #expect(try train("fault=segfault,call=evaluate,after=9", "dying").status == 0)
    let file = "runs/dying/model/model.json"
    try program.folder.write(
      file, try readText(program.folder(file)).replacing("\"after\": 9", with: "\"after\": 0"))
    let data = Self.data.replacing("animal", with: "k").replacing("[k]", with: "[animal]")
    for command in ["evaluate", "predict"] {
      let quiet = "export SWIFT_BACKTRACE=enable=no"
      #expect(try program.run("\(command) runs/dying --plugins . --data \(data)", after: quiet).status == 139)
      let answer = try program.run("\(command) runs/dying --plugins . --data \(data) --isolate")
      #expect(answer.status == 2, "\(answer)")
      #expect(
        answer.errors.contains("failed in evaluate, batch 1: its helper process crashed: signal 11"),
        "\(answer)")
    }
  }

  static let faults: [(line: String, errors: String)] = [
    (
      "evaluate nowhere --data csv:file=new.csv",
      """
      error: cannot read the model in 'nowhere': there is no model.json in it
        help:  give the folder of a run that has ended, such as runs/20260101-120000
      """
    ),
    (
      "evaluate runs/one --data csv:file=new.csv,categorical=[k]",
      """
      error: dataset 'csv' has no target 'animal'
        help:  name it in the dataset's options, as in csv:target=animal
      """
    ),
    (
      "evaluate runs/one --data \(data) --monitor accurcy",
      """
      error: cannot load plugin 'accurcy': no monitor has that id
        where: --monitor
        help:  did you mean 'accuracy'? `trainyard list` shows all N
      """
    ),
    (
      "predict runs/one --data csv:file=new.csv",
      """
      error: text in a numeric column: 'red' in column 'k', line 2 of 'FOLDER/new.csv'
        where: plugin 'csv', in create
        help:  list 'k' in `categorical` or `ignore`, or list the text in `missing_values`
      """
    ),
    (
      "predict runs/one --data csv:fil=new.csv",
      """
      error: unknown option 'fil' of dataset 'csv'
        where: --data, character 5
        help:  did you mean 'file'? options: OPTIONS

      error: option 'file' of dataset 'csv' is missing
        where: --data, character 1
        help:  give it; file: path, required. The file, UTF-8 as RFC 4180 has it. May be gzipped.
      """
    ),
    (
      "predict runs/one --data csv:file=new.csv,categorical=[k],ignore=[b]",
      """
      error: dataset 'csv' has no field 'b', which the model was trained with
        help:  its fields are: 'a', 'k'
      """
    ),
    (
      "predict runs/one --data csv:file=gap.csv,categorical=[k]",
      """
      error: the data failed in read, batch 1: dataset 'csv': field 'b', row 1 is missing
        help:  leave such rows out, or train the model again with 'data.missing' set
      """
    ),
  ]

  @Test(arguments: faults.indices)
  func `what a model cannot be used for is refused`(_ index: Int) throws {
    var answer = try program.run(Self.faults[index].line)
    answer.errors = answer.errors.replacing(#/options: .*/#, with: "options: OPTIONS")
    #expect(answer == TrainyardProgram.Answer(status: 2, errors: Self.faults[index].errors + "\n"))
  }

  @Test func `a damaged model folder is refused`() throws {
    let weights = program.folder("runs/one/model/weights.safetensors")
    try Shell.check(["truncate", "-s", "-10", weights])
    let line = "predict runs/one --data csv:file=new.csv,categorical=[k]"
    let cut = try program.run(line)
    #expect(cut.status == 2)
    #expect(
      cut.errors.hasPrefix("error: 'runs/one/model/weights.safetensors' is not a whole safetensors file: "))
    try program.folder.write("runs/one/model/model.json", "{")
    #expect(
      try program.run(line)
        == TrainyardProgram.Answer(
          status: 2,
          errors: """
            error: cannot read the model in 'runs/one/model/model.json': not valid JSON: expected a key in double \
            quotes or '}', found the end of the text
              help:  give the folder of a run that has ended, such as runs/20260101-120000

            """))
  }
}
