import CTrainyard
import PluginHost
import Support
import Testing

/// The `ty_host` that an instance is given: what it asks for arrives, and what it may not ask for fails the call.
@Suite struct HostServicesTests {
  let fixture: Fixture
  let services = RecordingServices()

  init() throws { fixture = try Fixture() }

  @Test func `everything that a plugin asks for arrives as it was asked`() throws {
    let library = try fixture.library(file: "services")
    services.directions["val_loss"] = UInt32(TY_DIRECTION_MIN)
    services.weights = [("layer.weight", OwnedTensor([Float(1.5), 2], shape: [2]))]
    services.filledSlots = [3]
    services.parameters = [("learning_rate", 0.1)]
    services.fileSizes = ["log.csv": 12]
    services.facts = ty_run_facts()
    services.facts?.epochs = 20
    services.folder = "runs/1"
    services.nextRandomBits = 7
    services.monotonic = 5
    services.wall = 6
    let callback = try CallbackInstance(
      component: try fixture.component("a-callback", in: library), name: "all", options: [:],
      services: services)
    #expect(services.wanted == ["val_loss", "lr?"])
    #expect(services.declared == ["gap"])
    #expect(services.addedMonitors.map(\.name) == ["added"])
    #expect(services.addedMonitors.map(\.component.id) == ["a-monitor"])

    try callback.reset()
    try callback.call(TY_HOOK_EPOCH_END, TestEvent(["val_loss": 0.5]), services)
    #expect(
      services.takeEffects() == [
        "log info \"val_loss 0.5\"", "log info \"lr -1\"", "log info \"direction 1\"", "log debug \"gap\"",
        "log warning \"all\"", "log info \"unknown name 1\"", "log info \"unknown service 1\"",
        "log info \"collective 1\"", "publish gap 0.25", "publish note \"words\"", "publish list [1.0, 2.5]",
        "publish empty []", "stop \"enough\"", "status \"epoch 1\"", "status \"\"", "log info \"epochs 20\"",
        "log info \"runs/1\"", "log info \"model\"", "log info \"weights 1\"", "log info \"view 0\"",
        "log info \"first 1.5\"", "assign layer.weight", "log info \"view past the last 1\"",
        "log info \"slot 3 1\"", "slot_take 0", "slot_restore 1", "slot_swap 2", "slot_blend 3 0.9 0.1",
        "slot_drop 15", "save_weights best.safetensors", "mark_checkpoint", "log info \"learning_rate\"",
        "log info \"name past the last 1\"", "log info \"get 0\"", "log info \"rate 0.1\"",
        "log info \"get unknown 2\"", "set learning_rate 0.05", "log info \"size 12\"",
        "log info \"size of none -1\"", "start log.csv", "append log.csv \"a,b\n\"", "append log.csv \"\"",
        "remove old.csv", "log info \"random 7\"", "log info \"monotonic 5\"", "log info \"wall 6\"",
      ])
  }

  /// What a hook may not do, as C, and the words that the host gives.
  static let misuses: [(statement: String, words: String)] = [
    (
      "host->metric_want(host, \"x\", 0)",
      "metric_want may be called in create, on_train_begin and prepare only"
    ),
    (
      "host->metric_declare(host, \"x\", 0, 1)",
      "metric_declare may be called in create, on_train_begin and prepare only"
    ),
    ("host->option_int(host, \"patience\", 0)", "option_int may be called in create only"),
    ("host->publish_text(host, NULL, \"x\")", "publish_text: the name is NULL"),
    ("host->publish_text(host, \"\\xff\", \"x\")", "publish_text: the name is not UTF-8"),
    ("host->publish_list(host, \"x\", NULL, 3)", "publish_list: 'x' has NULL for 3 values"),
    (
      "double d = 0; host->publish_list(host, \"x\", &d, UINT64_MAX)",
      "publish_list: 'x' has 18446744073709551615 values"
    ),
    ("weights->slot_take(host, 16)", "slot_take: slot 16 does not exist; slots are 0 to 15"),
    ("weights->assign(host, NULL, 1)", "weights: assign: NULL for 1 weights"),
    ("const ty_weight *w[] = {NULL}; weights->assign(host, w, 1)", "weights: assign: weight 0 is NULL"),
    (
      "ty_weight v = {0}; const ty_weight *w[] = {&v}; weights->assign(host, w, 1)",
      "weights: assign: weight 0 is malformed: struct_size is 0, and at least 64 bytes are needed"
    ),
    (
      "ty_weight v = {.struct_size = sizeof v, .name = \"w\", .tensor = prediction}; v.tensor.device.type = 2; "
        + "const ty_weight *w[] = {&v}; weights->assign(host, w, 1)",
      "weights: assign: weight 0 'w' is on device type 2, not the CPU"
    ),
    ("weights->view(host, 0, NULL)", "weights: view: the place for the weight is NULL"),
    ("weights->save(host, NULL)", "weights: save: the path is NULL"),
    ("files->append(host, \"log\", NULL, 4)", "files: append to 'log': NULL for 4 bytes"),
    ("files->start(host, \"\\xff\")", "files: start: the path is not UTF-8"),
    ("optimizer->get(host, \"learning_rate\", NULL)", "optimizer: get: the place for the value is NULL"),
    ("optimizer->set(host, NULL, 1)", "optimizer: set: the name is NULL"),
    (
      "monitors->add(host, &monitor, \"m\")",
      "monitors: add may be called in create, on_train_begin and prepare only"
    ),
  ]

  @Test func `a misuse of the host fails the call, whatever it returns`() throws {
    let cases = Self.misuses.enumerated().map { "case \($0): { \($1.statement); break; }" }.joined(
      separator: "\n")
    let functions = """
      static ty_status misuse(void *self, const ty_event *event) {
        const ty_host *host = ((instance *)self)->host;
        const ty_weights_service *weights = host->service(host, TY_SERVICE_WEIGHTS);
        const ty_files_service *files = host->service(host, TY_SERVICE_FILES);
        const ty_optimizer_service *optimizer = host->service(host, TY_SERVICE_OPTIMIZER);
        const ty_monitors_service *monitors = host->service(host, TY_SERVICE_MONITORS);
        switch (event->epoch) {
        \(cases)
        }
        return TY_OK;
      }
      """
    let component = try fixture.component("a-callback", "callback_table.on_epoch_end = misuse", functions)
    let callback = try CallbackInstance(component: component, name: "c", options: [:], services: services)
    for (epoch, misuse) in Self.misuses.enumerated() {
      try callback.reset()
      try callback.call(TY_HOOK_TRAIN_BEGIN, TestEvent(), services)
      let failure = try error(PluginFailure.self) {
        try callback.call(TY_HOOK_EPOCH_END, TestEvent(epoch: epoch), services)
      }
      #expect(failure?.words == misuse.words)
      #expect(failure?.call == "on_epoch_end")
      // It is forgotten with the failure.
      try callback.reset()
      try callback.call(TY_HOOK_EPOCH_END, TestEvent(epoch: -1), services)
    }
  }

  static let misusesInCreate: [(statement: String, words: String)] = [
    (
      "host->option_int(host, \"patiense\", 0)",
      "option 'patiense' was asked for, and no row declares it; the nearest is 'patience'"
    ),
    ("host->option_count(host, \"zzz\")", "option 'zzz' was asked for, and no row declares it"),
    (
      "host->option_text(host, \"patience\", 0)",
      "option 'patience' is declared as int and was asked for by option_text()"
    ),
    ("host->option_int(host, \"patience\", 1)", "value 1 of option 'patience' was asked for, and it has 1"),
    ("host->option_bool(host, NULL, 0)", "option_bool: the key is NULL"),
    ("host->stop(host, \"now\")", "stop may be called in a callback's hooks only"),
    (
      "host->metric_declare(host, \"m\", 3, 1)",
      "metric_declare: the metric 'm' has direction 3, which does not exist"
    ),
    (
      "host->metric_declare(host, \"m\", 1, 4)",
      "metric_declare: the metric 'm' has phase 4, which does not exist"
    ),
    ("host->metric_want(host, \"\", 0)", "metric_want: the name is empty"),
    (
      "((const ty_monitors_service *)host->service(host, TY_SERVICE_MONITORS))->add(host, &model, \"m\")",
      "monitors: add: 'a-model' is a model"
    ),
  ]

  @Test(arguments: misusesInCreate)
  func `a misuse in create leaves nothing behind`(statement: String, words: String) throws {
    let functions = """
      static ty_status wrong_create(const ty_component *component, const ty_host *host, void **self) {
        \(statement);
        return create(component, host, self);
      }
      static void check(const ty_component *component) {
        (void)component;
      }
      """
    let component = try fixture.component(
      "a-callback", "callback_table.create = wrong_create, check(NULL)", functions)
    let failure = try error(PluginFailure.self) {
      _ = try CallbackInstance(component: component, name: "c", options: [:], services: services)
    }
    #expect(failure?.call == "create")
    #expect(failure?.words == words)
  }

  @Test func `a plugin hears why a monitor cannot be added, and may go on`() throws {
    let library = try fixture.library(file: "services")
    services.monitorError = TestError("the name 'added' is taken")
    let failure = try error(PluginFailure.self) {
      _ = try CallbackInstance(
        component: try fixture.component("a-callback", in: library), name: "all", options: [:],
        services: services)
    }
    #expect(failure?.words == "the name 'added' is taken")
  }
}
