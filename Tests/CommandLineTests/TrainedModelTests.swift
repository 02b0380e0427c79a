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
