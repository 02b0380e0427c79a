import CTrainyard
import PluginHost
import Support
import Testing

/// The life of an instance: what is legal when, what a failure says, and what is left behind.
@Suite struct InstanceTests {
  let fixture: Fixture
  let services = RecordingServices()

  init() throws { fixture = try Fixture() }

  private func callback(_ statements: String = "", _ functions: String = "") throws -> CallbackInstance {
    try CallbackInstance(
      component: try fixture.component("a-callback", statements, functions), name: "stopper", options: [:],
      services: services)
  }

  /// One step in the life of a callback; a number is a hook.
  enum Step: Sendable, CustomStringConvertible {
    case reset, save, load, destroy
    case hook(Int32)

    var description: String {
      switch self {
      case .reset: "reset"
      case .save: "state_save"
      case .load: "state_load"
      case .destroy: "destroy"
      case .hook(let hook): "hook \(hook)"
      }
    }
  }

  static let begin = Step.hook(TY_HOOK_TRAIN_BEGIN)
  static let end = Step.hook(TY_HOOK_TRAIN_END)
  static let epoch = Step.hook(TY_HOOK_EPOCH_END)
  static let exception = Step.hook(TY_HOOK_EXCEPTION)

  typealias Life = (steps: [Step], refused: String?)

  /// Lives of a callback with all hooks; the last step is refused with these words, or all are legal.
  static let lives: [Life] = [
    ([.reset, begin, epoch, end], nil),
    ([.reset, .reset, .load, begin, .save, epoch, end, .save, .reset, begin, end], nil),
    ([.reset, begin, .reset, begin, end, .reset], nil),
    ([.reset, begin, exception, end], nil),
    ([.destroy, .destroy], nil),
    ([begin], "'stopper' cannot be asked for on_train_begin while it is not reset yet"),
    ([.save], "'stopper' cannot be asked for state_save while it is not reset yet"),
    ([.load], "'stopper' cannot be asked for state_load while it is not reset yet"),
    ([.reset, epoch], "'stopper' cannot be asked for on_epoch_end while it is ready"),
    ([.reset, end], "'stopper' cannot be asked for on_train_end while it is ready"),
    ([.reset, begin, begin], "'stopper' cannot be asked for on_train_begin while it is running"),
    ([.reset, begin, .load], "'stopper' cannot be asked for state_load while it is running"),
    (
      [.reset, begin, end, epoch],
      "'stopper' cannot be asked for on_epoch_end while it is at the end of its run"
    ),
    (
      [.reset, begin, end, end],
      "'stopper' cannot be asked for on_train_end while it is at the end of its run"
    ),
    (
      [.reset, begin, end, begin],
      "'stopper' cannot be asked for on_train_begin while it is at the end of its run"
    ),
    ([.destroy, .reset], "'stopper' cannot be asked for reset while it is destroyed"),
    ([.reset, begin, .destroy, epoch], "'stopper' cannot be asked for on_epoch_end while it is destroyed"),
    ([.reset, .hook(12)], "'stopper', call: there is no hook 12"),
    ([.reset, .hook(-1)], "'stopper', call: there is no hook -1"),
  ]

  @Test(arguments: lives)
  func `an instance is asked for nothing out of order`(_ life: Life) throws {
    let instance = try callback(Self.allHooks, "")
    for (index, step) in life.steps.enumerated() {
      let isLast = index == life.steps.count - 1
      let found = try error(HostError.self) { try take(step, instance) }
      #expect(found?.description == (isLast ? life.refused : nil), "step \(index), \(step)")
    }
  }

  private func take(_ step: Step, _ instance: CallbackInstance) throws {
    switch step {
    case .reset: try instance.reset()
    case .save: _ = try instance.saveState()
    case .load: try instance.loadState([:])
    case .destroy: instance.destroy()
    case .hook(let hook): try instance.call(hook, TestEvent(), services)
    }
  }

  static let allHooks = [
    "train_begin", "train_end", "epoch_begin", "batch_begin", "batch_end", "optimizer_step",
    "validation_begin",
    "validation_end", "validation_batch_begin", "validation_batch_end", "exception",
  ].map { "callback_table.on_\($0) = epoch_end" }.joined(separator: ", ")

  @Test func `begin and end of training may be left out where a callback lacks the hooks`() throws {
    let instance = try callback()
    #expect(!instance.has(hook: Int(TY_HOOK_TRAIN_BEGIN)))
    #expect(instance.has(hook: Int(TY_HOOK_EPOCH_END)))
    #expect(!instance.has(hook: 12) && !instance.has(hook: -1))
    try instance.reset()
    try instance.call(TY_HOOK_EPOCH_END, TestEvent(), services)
    #expect(instance.state == .running)
    // A hook that is not there is nothing, and no error.
    try instance.call(TY_HOOK_BATCH_END, TestEvent(), services)
    try instance.reset()
    try instance.call(TY_HOOK_TRAIN_BEGIN, TestEvent(), services)
    #expect(instance.state == .running)
    try instance.call(TY_HOOK_TRAIN_END, TestEvent(), services)
    #expect(instance.state == .ended)
  }

  // MARK: - Failures

  /// What a hook does, as C, and the words that its failure has.
  static let failures: [(statement: String, words: String, code: Int32)] = [
    ("host->fail(host, \"no space left\"); return TY_FAILED", "no space left", TY_FAILED),
    ("host->fail(host, \"first\"); host->fail(host, \"last\"); return TY_FAILED", "last", TY_FAILED),
    ("return TY_FAILED", "the plugin gave no reason", TY_FAILED),
    ("host->fail(host, NULL); return TY_FAILED", "the plugin gave no reason", TY_FAILED),
    ("host->fail(host, \"\"); return TY_FAILED", "the plugin gave no reason", TY_FAILED),
    ("host->fail(host, \"bad \\xff\\xfe words\"); return TY_FAILED", "bad \u{fffd}\u{fffd} words", TY_FAILED),
    ("return TY_UNSUPPORTED", "the plugin does not support this", TY_UNSUPPORTED),
    ("return 77", "(status 77, which the contract does not have)", 77),
    ("host->fail(host, \"odd\"); return -1", "odd (status -1, which the contract does not have)", -1),
    ("(void)host; return 1", "the plugin gave no reason", TY_FAILED),
  ]

  @Test func `a failure has the plugin's words`() throws {
    let cases = Self.failures.enumerated().map { "case \($0): \($1.statement);" }.joined(separator: "\n")
    let functions = """
      static ty_status hook(void *self, const ty_event *event) {
        const ty_host *host = ((instance *)self)->host;
        switch (event->epoch) {
        \(cases)
        case 100: host->fail(host, "said too early"); return TY_OK;
        }
        return TY_OK;
      }
      """
    let instance = try callback("callback_table.on_epoch_end = hook", functions)
    for (epoch, failure) in Self.failures.enumerated() {
      try instance.reset()
      try instance.call(TY_HOOK_TRAIN_BEGIN, TestEvent(), services)
      // Words of a call that succeeds are not those of the next one.
      try instance.call(TY_HOOK_EPOCH_END, TestEvent(epoch: 100), services)
      let found = try error(PluginFailure.self) {
        try instance.call(TY_HOOK_EPOCH_END, TestEvent(epoch: epoch), services)
      }
      #expect(
        found
          == PluginFailure(
            instance: "stopper", component: "a-callback", call: "on_epoch_end", words: failure.words,
            code: failure.code))
      #expect(instance.state == .failedInRun)
      #expect(found?.description == "plugin 'stopper' failed in on_epoch_end: \(failure.words)")
    }
  }

  @Test func `words without an end are cut`() throws {
    let functions = """
      static ty_status hook(void *self, const ty_event *event) {
        static char text[100000];
        (void)event;
        memset(text, 'x', sizeof text - 1);
        ((instance *)self)->host->fail(((instance *)self)->host, text);
        return TY_FAILED;
      }
      """
    let instance = try callback("callback_table.on_epoch_end = hook", functions)
    try instance.reset()
    let found = try error(PluginFailure.self) { try instance.call(TY_HOOK_EPOCH_END, TestEvent(), services) }
    #expect(found?.words.utf8.count == 4096)
  }

  @Test func `after a failed hook only exception, end and reset are legal`() throws {
    let instance = try callback(Self.allHooks + ", callback_table.on_batch_end = failing", Self.failing)
    try instance.reset()
    try instance.call(TY_HOOK_TRAIN_BEGIN, TestEvent(), services)
    #expect(throws: PluginFailure.self) { try instance.call(TY_HOOK_BATCH_END, TestEvent(), services) }
    #expect(throws: HostError.self) { try instance.call(TY_HOOK_EPOCH_END, TestEvent(), services) }
    #expect(throws: HostError.self) { try instance.saveState() }
    try instance.call(TY_HOOK_EXCEPTION, TestEvent(), services)
    try instance.call(TY_HOOK_TRAIN_END, TestEvent(), services)
    #expect(instance.state == .ended)
    try instance.reset()
    #expect(instance.state == .ready)
  }

  @Test func `a begin that fails is followed by nothing but reset`() throws {
    let instance = try callback("callback_table.on_train_begin = failing", Self.failing)
    try instance.reset()
    #expect(throws: PluginFailure.self) { try instance.call(TY_HOOK_TRAIN_BEGIN, TestEvent(), services) }
    #expect(throws: HostError.self) { try instance.call(TY_HOOK_EPOCH_END, TestEvent(), services) }
    #expect(throws: HostError.self) { try instance.call(TY_HOOK_TRAIN_END, TestEvent(), services) }
    try instance.reset()
  }

  @Test func `a reset that fails can be tried again`() throws {
    let functions = """
      static ty_status second_time(void *self) { return ((instance *)self)->calls++ == 0 ? TY_FAILED : TY_OK; }
      """
    let instance = try callback("callback_table.reset = second_time", functions)
    #expect(throws: PluginFailure.self) { try instance.reset() }
    #expect(instance.state == .failed)
    #expect(throws: HostError.self) { try instance.call(TY_HOOK_EPOCH_END, TestEvent(), services) }
    try instance.reset()
    #expect(instance.state == .ready)
  }

  static let failing = """
    static ty_status UNUSED failing(void *self, const ty_event *event) {
      (void)self, (void)event;
      return TY_FAILED;
    }
    """

  // MARK: - Create and destroy

  /// The fixture counts its instances; its reset tells.
  static let counting = """
    static const ty_host *last;
    static ty_status UNUSED counting_create(const ty_component *component, const ty_host *host, void **self) {
      last = host;
      return create(component, host, self);
    }
    static void counting_destroy(void *self) {
      destroy(self);
      last->log(last, TY_LOG_INFO, destroyed == created ? "none left" : "some left");
    }
    """

  @Test func `destroy is called once, by hand or when the instance goes`() throws {
    let component = try fixture.component(
      "a-callback", "callback_table.create = counting_create, callback_table.destroy = counting_destroy",
      Self.counting)
    var instance: CallbackInstance? = try CallbackInstance(
      component: component, name: "a", options: [:], services: services)
    #expect(instance?.state == .created)
    instance?.destroy()
    instance?.destroy()
    #expect(services.takeEffects() == ["log info \"none left\""])
    instance = nil
    #expect(services.takeEffects() == [])
    instance = try CallbackInstance(component: component, name: "a", options: [:], services: services)
    try instance?.reset()
    instance = nil
    #expect(services.takeEffects() == ["log info \"none left\""])
  }

  @Test func `a create that fails is not destroyed`() throws {
    let functions =
      Self.counting + """

        static ty_status failing_create(const ty_component *component, const ty_host *host, void **self) {
          (void)component, (void)self;
          last = host;
          host->fail(host, "no memory of that size");
          return TY_FAILED;
        }
        """
    let component = try fixture.component(
      "a-callback", "callback_table.create = failing_create, callback_table.destroy = counting_destroy",
      functions)
    let found = try error(PluginFailure.self) {
      _ = try CallbackInstance(component: component, name: "a", options: [:], services: services)
    }
    #expect(found?.description == "plugin 'a' failed in create: no memory of that size")
    #expect(services.effects == [])
  }

  @Test func `an instance that was made by misuse is destroyed`() throws {
    let functions =
      Self.counting + """

        static ty_status misusing_create(const ty_component *component, const ty_host *host, void **self) {
          host->option_int(host, "unknown", 0);
          return counting_create(component, host, self);
        }
        """
    let component = try fixture.component(
      "a-callback", "callback_table.create = misusing_create, callback_table.destroy = counting_destroy",
      functions)
    #expect(throws: PluginFailure.self) {
      _ = try CallbackInstance(component: component, name: "a", options: [:], services: services)
    }
    #expect(services.effects == ["log info \"none left\""])
  }

  @Test func `a component of another kind is refused`() throws {
    let component = try fixture.component("a-model")
    #expect(throws: HostError.otherKind(component: "a-model", found: .model, expected: .callback)) {
      _ = try CallbackInstance(component: component, name: "a", options: [:], services: services)
    }
  }

  // MARK: - State

  @Test func `state makes the round trip`() throws {
    let component = try fixture.component("a-callback", in: try fixture.library(file: "state"))
    let instance = try CallbackInstance(component: component, name: "a", options: [:], services: services)
    try instance.reset()
    let saved = try instance.saveState()
    let numbers: [Float] = [1, 2, 3, 4, 5, 6]
    #expect(
      saved == [
        "wait": .int(-3), "best": .float(0.25), "text": .bytes([97, 0, 98]), "nothing": .bytes([]),
        "average": .tensor(
          dtypeCode: 2, dtypeBits: 32, shape: [2, 3], bytes: numbers.withUnsafeBytes { Array($0) }),
      ])
    try instance.loadState(saved)
    #expect(
      services.takeEffects() == [
        "log info \"wait 1 -3\"", "log info \"best 1 0.25\"", "log info \"text 1 3\"",
        "log info \"average 2x3, last 6\"", "log info \"missing 0, of another type -1\"",
        "log debug \"average\"",
        "log debug \"best\"", "log debug \"nothing\"", "log debug \"text\"", "log debug \"wait\"",
      ])
    try instance.loadState([:])
    #expect(
      services.takeEffects() == [
        "log info \"wait 0 7\"", "log info \"best 0 7\"", "log info \"text 0 0\"",
        "log info \"missing 0, of another type 0\"",
      ])
    // Tensors from a damaged file, whose bytes are fewer than their shape says.
    for shape in [[2, 3], [1 << 40, 1 << 40], [1 << 62]] as [[Int64]] {
      try instance.loadState([
        "average": .tensor(dtypeCode: 2, dtypeBits: 32, shape: shape, bytes: [0, 0, 0, 0])
      ])
      #expect(services.takeEffects().contains { $0.hasPrefix("log info \"average") } == false)
    }
  }

  static let badSaves: [(statement: String, words: String)] = [
    ("sink->put_int(sink, \"k\", 1); sink->put_float(sink, \"k\", 2)", "the key 'k' is saved twice"),
    ("sink->put_int(sink, NULL, 1)", "a key of the saved state is NULL"),
    ("sink->put_int(sink, \"\\xff\", 1)", "a key of the saved state is not UTF-8"),
    ("sink->put_bytes(sink, \"k\", NULL, 3)", "what is saved as 'k' has NULL for 3 bytes"),
    ("sink->put_bytes(sink, \"k\", \"\", UINT64_MAX)", "what is saved as 'k' has 18446744073709551615 bytes"),
    ("sink->put_tensor(sink, \"k\", NULL)", "what is saved as 'k' is a NULL tensor"),
    (
      "ty_tensor t = prediction; t.ndim = -1; sink->put_tensor(sink, \"k\", &t)",
      "what is saved as 'k' has -1 dimensions"
    ),
    (
      "ty_tensor t = prediction; t.shape = NULL; sink->put_tensor(sink, \"k\", &t)",
      "what is saved as 'k' has no shape or no strides"
    ),
    (
      "ty_tensor t = prediction; int64_t s[] = {INT64_MAX, 3}, o[] = {3, 1}; t.ndim = 2; t.shape = s; t.strides = o; "
        + "sink->put_tensor(sink, \"k\", &t)", "what is saved as 'k' is larger than any memory"
    ),
    (
      "ty_tensor t = prediction; int64_t o[] = {2}; t.strides = o; sink->put_tensor(sink, \"k\", &t)",
      "what is saved as 'k' is not contiguous"
    ),
    (
      "ty_tensor t = prediction; t.data = NULL; sink->put_tensor(sink, \"k\", &t)",
      "what is saved as 'k' has no data"
    ),
    (
      "ty_tensor t = prediction; t.byte_offset = 1; sink->put_tensor(sink, \"k\", &t)",
      "what is saved as 'k' is not aligned to its elements"
    ),
    (
      "ty_tensor t = prediction; t.dtype.bits = 12; sink->put_tensor(sink, \"k\", &t)",
      "what is saved as 'k' has the element type (code 2, 12 bits, 1 lanes), which does not exist"
    ),
  ]

  @Test(arguments: badSaves)
  func `a save that makes no sense fails`(statement: String, words: String) throws {
    let functions = """
      static ty_status save(void *self, const ty_sink *sink) {
        (void)self;
        \(statement);
        return TY_OK;
      }
      static ty_status load(void *self, const ty_source *source) {
        (void)self, (void)source;
        return TY_OK;
      }
      """
    let instance = try callback(
      "callback_table.state_save = save, callback_table.state_load = load", functions)
    try instance.reset()
    let found = try error(PluginFailure.self) { _ = try instance.saveState() }
    #expect(found?.call == "state_save")
    #expect(found?.words == words)
  }
}
