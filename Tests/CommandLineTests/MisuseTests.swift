import Support
import Testing
import Trainyard

/// Callbacks that ask the host for what is not theirs.
@Suite struct MisuseTests {
  let program: TrainyardProgram

  init() throws { program = try TrainyardProgram() }

  /// What a hook does, and what the user is told of it.
  static let misuses: [(statement: String, told: String)] = [
    ("host->publish(host, 0, 1)", "publish: this instance has not declared the metric '"),
    ("host->publish(host, 12345, 1)", "publish: this instance has not declared the metric number 12345"),
    (
      "files->append(host, \"events.jsonl\", \"x\", 1)",
      "'events.jsonl' in the run's folder is the host's own file"
    ),
    ("files->start(host, \"metrics.csv\")", "'metrics.csv' in the run's folder is the host's own file"),
    ("files->remove(host, \"model/weights.safetensors\")", "is the host's own file"),
    ("weights->save(host, \"config.json\")", "'config.json' in the run's folder is the host's own file"),
    ("files->append(host, \"../x\", \"x\", 1)", "the path '../x' must be relative"),
  ]

  @Test(arguments: misuses)
  func `what is not a callback's own ends the run in words`(statement: String, told: String) throws {
    try compile(hook: "on_epoch_end", statement)
    let answer = try run()
    #expect(answer.status == 1)
    #expect(
      answer.errors.hasPrefix("error: callback 'a-callback' failed in on_epoch_end, epoch 1: "), "\(answer)")
    #expect(answer.errors.contains(told), "\(answer)")
    // What is the host's is whole.
    #expect(try program.json("runs/one/config.json").at("data.train.dataset")?.string == "synthetic")
    #expect(try readText(program.folder("runs/one/events.jsonl")).hasPrefix("{\"schema\": 1,"))
  }

  @Test func `a metric of the loop cannot be declared by a callback`() throws {
    try compile(
      hook: "on_train_begin", "host->metric_declare(host, \"loss\", TY_DIRECTION_MAX, TY_PHASE_EPOCH)")
    let answer = try run()
    #expect(answer.status == 2)
    #expect(
      answer.errors
        == "error: the loop and callback 'a-callback' both publish 'loss': one of them needs another name\n")
  }

  @Test func `weights do not change when a run has failed`() throws {
    // The first epoch's end takes the weights and zeroes the slot; the end puts them into the model.
    let functions = """
      static ty_status spoils(void *self, const ty_event *event) {
        const ty_host *host = ((instance *)self)->host;
        const ty_weights_service *weights = host->service(host, TY_SERVICE_WEIGHTS);
        if (event->hook == TY_HOOK_TRAIN_END) { weights->slot_restore(host, 0); return TY_OK; }
        if (event->epoch == 1) return TY_FAILED;
        weights->slot_take(host, 0);
        weights->slot_blend(host, 0, 0, 0);
        return TY_OK;
      }
      """
    _ = try compileComponents(
      "callback_table.on_epoch_end = spoils; callback_table.on_train_end = spoils", functions, as: "misusing",
      in: program.folder)
    let answer = try run()
    #expect(answer.status == 1)
    #expect(
      answer.errors.contains(
        "warning: a-callback asked to change the model after the run was failed: not done"), "\(answer)")
    let weights = try SafeTensors.read(program.folder("runs/one/model/weights.safetensors"))
    #expect(weights.tensors.contains { tensor in tensor.tensor.floats.contains { $0 != 0 } })
  }

  @Test func `a model that diverges is told of`() throws {
    let answer = try program.run(
      "run --data synthetic:rows=64,shape=linear --model mlp:hidden=[],optimizer=sgd,learning_rate=1e30 --epochs 3 --name one"
    )
    #expect(answer.status == 0)
    #expect(answer.errors.contains("the model has diverged; try a smaller learning rate"), "\(answer)")
  }

  private func compile(hook: String, _ statement: String) throws {
    let functions = """
      static ty_status misuses(void *self, const ty_event *event) {
        const ty_host *host = ((instance *)self)->host;
        const ty_files_service *files = host->service(host, TY_SERVICE_FILES);
        const ty_weights_service *weights = host->service(host, TY_SERVICE_WEIGHTS);
        (void)event, (void)files, (void)weights;
        \(statement);
        return TY_OK;
      }
      """
    _ = try compileComponents(
      "callback_table.\(hook) = misuses", functions, as: "misusing", in: program.folder)
  }

  private func run() throws -> TrainyardProgram.Answer {
    try program.run(
      "run --data synthetic:rows=64 --model mlp:hidden=[] --epochs 3 --name one --callback ./libmisusing.so")
  }
}
