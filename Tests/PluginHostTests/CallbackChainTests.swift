import CTrainyard
import PluginHost
import Support
import Testing

/// Callbacks of one hook that are called in one go: where the chain stops, and what is left for whoever goes on with it.
@Suite struct CallbackChainTests {
  let services = RecordingServices()
  /// One library: each batch says which callback does what, in digits from the first on.
  let component: ComponentDescription

  static let functions = """
    static ty_status hook(void *self, const ty_event *event) {
      const ty_host *host = ((instance *)self)->host;
      const char *name = host->instance_name(host);
      /* The digit of callback "c0", "c1", … in the batch's number. */
      long long all = event->batch;
      for (int i = '0'; i < name[1]; i++) all /= 10;
      switch (all % 10) {
      case 1: host->stop(host, name); return TY_OK;
      case 2: host->fail(host, "no luck"); return TY_FAILED;
      case 3: return TY_FAILED;
      case 4: host->fail(host, "said, and fine"); return TY_OK;
      case 5: host->publish(host, 77, 1); return TY_OK;
      }
      return TY_OK;
    }
    static ty_status quiet(void *self, const ty_event *event) { (void)self; (void)event; return TY_OK; }
    """

  let fixture: Fixture

  init() throws {
    fixture = try Fixture()
    component = try fixture.component(
      "a-callback", "callback_table.on_batch_end = hook, callback_table.on_batch_begin = quiet",
      Self.functions)
  }

  /// Three of them, reset: they have no `on_train_begin`, so any hook may come next.
  private func callbacks() throws -> [CallbackInstance] {
    try (0..<3).map { number in
      let instance = try CallbackInstance(
        component: component, name: "c\(number)", options: [:], services: services)
      try instance.reset()
      return instance
    }
  }

  private func chain(_ instances: [CallbackInstance], _ hook: Int32 = TY_HOOK_BATCH_END) throws
    -> CallbackChain
  {
    guard let chain = CallbackChain(instances, hook: Int(hook)) else { throw TestError("no chain") }
    return chain
  }

  /// Goes through the chain for one batch: where it came back, and with which error.
  private func stops(_ chain: CallbackChain, batch: Int64) -> [String] {
    var event = ty_event()
    event.struct_size = UInt32(MemoryLayout<ty_event>.size)
    event.batch = batch
    var found: [String] = []
    var next = 0
    while next < chain.count {
      do {
        try chain.call(&event, from: &next)
        found.append("\(next)")
      } catch {
        found.append("\(next) \(error)")
      }
    }
    return found
  }

  @Test func `a chain stops behind each callback that has used its host`() throws {
    let instances = try callbacks()
    let chain = try chain(instances)
    // Each looks at its name: that is using the host, and there might be something to carry out.
    #expect(stops(chain, batch: 0) == ["1", "2", "3"])
    #expect(services.effects.isEmpty)
    #expect(stops(chain, batch: 10) == ["1", "2", "3"])
    #expect(services.effects == ["stop \"c1\""])
    #expect(instances.allSatisfy { $0.state == .running })
  }

  @Test func `callbacks that leave their host alone are called in one go`() throws {
    let instances = try callbacks()
    let begin = try chain(instances, TY_HOOK_BATCH_BEGIN)
    #expect(stops(begin, batch: 0) == ["1", "2", "3"], "the first call makes each of them run")
    #expect(stops(begin, batch: 1) == ["3"])
  }

  @Test func `a failure has the words of its own call, and the others go on`() throws {
    let instances = try callbacks()
    let chain = try chain(instances)
    _ = stops(chain, batch: 0)
    #expect(
      stops(chain, batch: 20) == ["1", "2 plugin 'c1' failed in on_batch_end: no luck", "3"])
    #expect(instances.map(\.state) == [.running, .failedInRun, .running])
    try instances[1].reset()
    _ = stops(chain, batch: 0)
    // What was said in a call that went well is not the reason of a later failure.
    #expect(stops(chain, batch: 40) == ["1", "2", "3"])
    #expect(
      stops(chain, batch: 30) == [
        "1", "2 plugin 'c1' failed in on_batch_end: the plugin gave no reason", "3",
      ])
  }

  @Test func `misuse of the host fails the call that returned well`() throws {
    let instances = try callbacks()
    let chain = try chain(instances)
    _ = stops(chain, batch: 0)
    #expect(
      stops(chain, batch: 500)
        == [
          "1", "2",
          "3 plugin 'c2' failed in on_batch_end: "
            + "publish: this instance has not declared the metric number 77",
        ])
    #expect(services.effects.isEmpty)
  }

  @Test func `an instance that is out of order is refused in its place`() throws {
    let instances = try callbacks()
    let chain = try chain(instances, TY_HOOK_BATCH_BEGIN)
    _ = stops(chain, batch: 0)
    instances[1].destroy()
    #expect(
      stops(chain, batch: 1)
        == ["2 'c1' cannot be asked for on_batch_begin while it is destroyed", "3"])
  }

  @Test func `there is no chain of border hooks, nor of callbacks without the hook`() throws {
    let instances = try callbacks()
    for hook in [
      TY_HOOK_TRAIN_BEGIN, TY_HOOK_TRAIN_END, TY_HOOK_EXCEPTION, TY_HOOK_OPTIMIZER_STEP, 12, -1,
    ] {
      #expect(CallbackChain(instances, hook: Int(hook)) == nil)
    }
    #expect(CallbackChain(instances, hook: Int(TY_HOOK_EPOCH_END)) != nil)
  }
}
