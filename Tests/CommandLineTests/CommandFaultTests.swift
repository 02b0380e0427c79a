import Support
import Testing

/// Command lines that ask for what there is not.
@Suite struct CommandFaultTests {
  let program: TrainyardProgram

  init() throws {
    program = try TrainyardProgram()
    _ = try compileComponents(
      """
      option2.flags = TY_OPTION_REQUIRED; option2.default_text = NULL; callback.id = "strict"; \
      monitor.option_count = 2; monitor.options = monitor_options
      """,
      """
      static ty_option free_option = {.struct_size = sizeof(ty_option), .type = TY_OPTION_FLOAT, .key = "share",
                                      .doc = "A part.", .default_text = "0.5", .range = "[0, 1)"};
      static const ty_option *monitor_options[] = {&option, &free_option};
      """, as: "fixture", in: program.folder)
  }

  /// What follows `run --data synthetic:rows=64 --epochs 1 --output out`, and all that is said about it.
  static let faults: [(arguments: String, errors: String)] = [
    (
      "--model mlpp",
      """
      error: cannot load plugin 'mlpp': no model has that id
        where: --model, character 1, model
        help:  did you mean 'mlp'? `trainyard list` shows all N
      """
    ),
    (
      "--model mlp --callback early-stoping",
      """
      error: cannot load plugin 'early-stoping': no callback has that id
        where: --callback, character 1, callbacks[0]
        help:  did you mean 'early-stopping'? `trainyard list` shows all N
      """
    ),
    (
      "--model early-stopping",
      """
      error: cannot load plugin 'early-stopping': it is a callback, and a model is needed here
        where: --model, character 1, model
        help:  `trainyard list` shows the kinds
      """
    ),
    (
      "--model mlp --monitor ./libfixture.so:shar=0.1",
      """
      error: unknown option 'shar' of monitor 'a-monitor'
        where: --monitor, character 17, monitors[0]
        help:  did you mean 'share'? options: mode, share
      """
    ),
    (
      "--model mlp --monitor ./libfixture.so:share=1",
      """
      error: option 'share' of monitor 'a-monitor' must be at least 0 and below 1, not 1
        where: --monitor, character 23, monitors[0]
        help:  share: float, default 0.5, at least 0 and below 1. A part.
      """
    ),
    (
      "--model mlp --monitor ./libfixture.so:share=half",
      """
      error: option 'share' of monitor 'a-monitor' must be a number, not 'half'
        where: --monitor, character 23, monitors[0]
        help:  share: float, default 0.5, at least 0 and below 1. A part.
      """
    ),
    (
      "--model mlp --monitor ./libfixture.so:mode=mix",
      """
      error: option 'mode' of monitor 'a-monitor' must be one of min, max, not 'mix'
        where: --monitor, character 22, monitors[0]
        help:  did you mean 'min'? mode: one of min, max, default min. Which way is better.
      """
    ),
    (
      "--model mlp --callback ./libfixture.so:component=strict",
      """
      error: option 'patience' of callback 'strict' is missing
        where: --callback, character 1, callbacks[0]
        help:  give it; patience: int, required, at least 0, in epochs. How long to wait.
      """
    ),
    (
      "--model mlp --callback csv-logger --callback csv-logger",
      """
      error: two instances are named 'csv-logger': callbacks[0] and callbacks[1]
        where: --callback, character 1, callbacks[1]
        help:  give one of them a 'name' of its own
      """
    ),
    (
      "--model mlp --callback early-stopping:monitor=accuracy",
      """
      error: callback 'early-stopping' watches 'accuracy', which this run does not produce
        help:  metrics of this run: loss
      """
    ),
    (
      "--model mlp --callback early-stopping:monitor=val_loss",
      """
      error: callback 'early-stopping' watches 'val_loss', which this run does not produce
        help:  metrics of this run: loss; those that begin with val_ need validation data
      """
    ),
    (
      "--model mlp --validation 0.5 --monitor accuracy --callback early-stopping:monitor=val_los",
      """
      error: callback 'early-stopping' watches 'val_los', which this run does not produce
        help:  did you mean 'val_loss'? metrics of this run: accuracy, val_accuracy, loss, val_loss
      """
    ),
    (
      "--model mlp --batch-size 100",
      """
      error: batch size 100, and there are 64 rows to train on
        help:  set 'train.batch_size' to 64 at most
      """
    ),
    (
      "--model mlp --set threads",
      """
      error: 'threads' is not path=value
        where: --set
        help:  write it as in --set train.threads=2
      """
    ),
    (
      "--model mlp --set train.batchsize=4",
      """
      error: unknown key 'batchsize' of 'train'
        where: --set, character 17, train
        help:  did you mean 'batch_size'? keys: epochs, batch_size, seed, shuffle, validation_batch_size, \
      validation_every, threads, prefetch, max_steps, strict, find_learning_rate
      """
    ),
    (
      "--model mlp --set train.threads=[1",
      """
      error: not valid YAML: did not find expected ',' or ']', while parsing a flow sequence
        where: --set, character 17
        help:  reading got this far: look here and just before for a bracket, quote, comma or space too many or too few
      """
    ),
    (
      "--model mlp --callback csv-logger:filename",
      """
      error: expected key=value, found 'filename'
        where: --callback, character 12
        help:  options are key=value with commas between them; put quotes around a value that has a comma
      """
    ),
    (
      "--model mlp --name a/b",
      """
      error: 'a/b' cannot be a name
        where: output
        help:  use letters, digits, '-', '_' and '.', without a '.' in front
      """
    ),
    (
      "--model mlp --plugins nowhere",
      """
      error: there is no folder of plugins 'FOLDER/nowhere'
        where: plugins.path
        help:  check the path
      """
    ),
    (
      "--model mlp --set model.initial_weights=nowhere",
      """
      error: there is no file of initial weights 'FOLDER/nowhere'
        where: model.initial_weights
        help:  check the path; a relative one counts from the pipeline file or, without one, from the working directory
      """
    ),
  ]

  @Test(arguments: faults.indices)
  func `what there is not is refused before anything is written`(_ index: Int) throws {
    let fault = Self.faults[index]
    let answer = try program.run("run --data synthetic:rows=64 --epochs 1 --output out " + fault.arguments)
    #expect(answer == TrainyardProgram.Answer(status: 2, errors: fault.errors + "\n"))
    #expect(try program.files("out") == [])
  }

  @Test(arguments: [
    (
      "run --epoch 3",
      "error: Unknown option '--epoch'. Did you mean '--epochs'?\nUsage: trainyard run [<options>] [<pipeline>]\n"
        + "  See 'trainyard run --help' for more information.\n"
    ),
    (
      "run --epochs many",
      "error: The value 'many' is invalid for '--epochs <epochs>'\nHelp:  --epochs <epochs>  Passes over the training "
        + "data.\nUsage: trainyard run [<options>] [<pipeline>]\n  See 'trainyard run --help' for more information.\n"
    ),
    (
      "rum",
      "error: Unexpected argument 'rum'\nUsage: trainyard <subcommand>\n  See 'trainyard --help' for more "
        + "information.\n"
    ),
    (
      "run",
      "error: there is nothing to run\n  where: command line\n  help:  give a pipeline file, or --data and --model: "
        + "trainyard run --data synthetic:shape=moons --model mlp\n"
    ),
    (
      "inspect early-stoping",
      "error: cannot load plugin 'early-stoping': no plugin has that id\n  help:  did you mean 'early-stopping'? "
        + "`trainyard list` shows all N\n"
    ),
    (
      "list --plugins nowhere",
      "error: there is no folder of plugins 'nowhere'\n  where: --plugins\n  help:  check the path\n"
    ),
  ])
  func `a wrong command line ends with status 2`(_ line: String, errors: String) throws {
    #expect(try program.run(line) == TrainyardProgram.Answer(status: 2, errors: errors))
  }
}
