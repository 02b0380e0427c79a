import Support
import Testing

/// Pipeline files that cannot be used.
@Suite struct PipelineFaultTests {
  let program: TrainyardProgram

  init() throws { program = try TrainyardProgram() }

  static let faults: [(file: String, text: String, errors: String)] = [
    (
      "p.yaml", "data: {train: [\n",
      """
      error: not valid YAML: did not find expected node content, while parsing a flow node
        where: p.yaml:2:1
        help:  reading got this far: look here and just before for a bracket, quote, comma or space too many or too few
      """
    ),
    (
      "p.json", "{\"data\": }",
      """
      error: not valid JSON: expected a value, found '}'
        where: p.json:1:10
        help:  texts and keys stand in double quotes
      """
    ),
    (
      "p.yaml", "",
      """
      error: a pipeline must be a map: it is empty
        where: p.yaml:1:1
        help:  it needs at least 'data: {train: {dataset: …}}' and 'model: {plugin: …}'
      """
    ),
    (
      "p.yaml", "data: {train: synthetic}\nmodel: {plugin: mlp}\nepochs: 3\n",
      """
      error: unknown key 'epochs' of the pipeline
        where: p.yaml:3:1
        help:  did you mean 'train.epochs'? keys: data, model, train, monitors, callbacks, output, checkpoints, isolation, plugins, cross_validation, search
      """
    ),
    (
      "p.yaml", "data: {train: synthetic}\n",
      """
      error: key 'model' of the pipeline is missing
        where: p.yaml:1:1
        help:  give it; model: table, required. What to train.
      """
    ),
  ]

  @Test(arguments: faults.indices)
  func `a file that cannot be read is refused with its place`(_ index: Int) throws {
    let fault = Self.faults[index]
    try program.folder.write(fault.file, fault.text)
    #expect(
      try program.run("run \(fault.file)") == TrainyardProgram.Answer(status: 2, errors: fault.errors + "\n"))
    #expect(try program.files("runs") == [])
  }

  @Test func `all problems of a file come out together, in the order of the text`() throws {
    _ = try compileComponents("module.abi_major = 9", as: "old", in: program.folder)
    _ = try compileComponents(as: "good", in: program.folder)
    try program.folder.write(
      "p.yaml",
      """
      data: {train: {dataset: synthetic, rows: many}}
      model: {plugin: mlpx}
      train: {epochs: 0, batchsize: 4}
      callbacks:
        - {plugin: ./libgood.so, patience: -1, paitence: 2}
        - {plugin: ./libold.so}
      """)
    var answer = try program.run("run p.yaml")
    answer.errors = answer.errors.replacing(#/ABI (\d+)\.\d+/#) { "ABI \($0.output.1).MINOR" }
      .replacing(#/rows: int, .*/#, with: "rows: …")
      .replacing(#/keys: .*/#, with: "keys: …")
    #expect(
      answer
        == TrainyardProgram.Answer(
          status: 2,
          errors: """
            error: option 'rows' of dataset 'synthetic' must be an integer, not 'many'
              where: p.yaml:1:42, data.train
              help:  rows: …

            error: cannot load plugin 'mlpx': no model has that id
              where: p.yaml:2:8, model
              help:  did you mean 'mlp'? `trainyard list` shows all N

            error: key 'epochs' of 'train' must be at least 1, not 0
              where: p.yaml:3:17, train
              help:  epochs: int, default 10, at least 1. Passes over the training data.

            error: unknown key 'batchsize' of 'train'
              where: p.yaml:3:20, train
              help:  did you mean 'batch_size'? keys: …

            error: option 'patience' of callback 'a-callback' must be at least 0, not -1
              where: p.yaml:5:38, callbacks[0]
              help:  patience: int, default 3, at least 0, in epochs. How long to wait.

            error: unknown option 'paitence' of callback 'a-callback'
              where: p.yaml:5:42, callbacks[0]
              help:  did you mean 'patience'? options: mode, patience

            error: cannot load plugin './libold.so': built for ABI 9.MINOR, and this host speaks ABI 0.MINOR
              where: p.yaml:6:5, callbacks[1]
              help:  rebuild the plugin with the trainyard.h of this host

            """))
  }

  @Test func `a file that is not there is named`() throws {
    #expect(
      try program.run("run nowhere.yaml")
        == TrainyardProgram.Answer(
          status: 2,
          errors: """
            error: cannot read 'nowhere.yaml': No such file or directory
              help:  check the path, which is relative to the working directory

            """))
  }
}
