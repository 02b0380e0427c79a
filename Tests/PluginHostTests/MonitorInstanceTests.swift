import CTrainyard
import PluginHost
import Support
import Testing

@Suite struct MonitorInstanceTests {
  let fixture: Fixture
  let services = RecordingServices()

  init() throws { fixture = try Fixture() }

  /// A monitor that logs its calls and counts its updates.
  static let functions = """
    static void say(void *self, const char *words) {
      const ty_host *host = ((instance *)self)->host;
      host->log(host, TY_LOG_INFO, words);
    }
    static ty_status prepare(void *self, const ty_task *task) {
      (void)task;
      const ty_host *host = ((instance *)self)->host;
      host->metric_declare(host, "count", TY_DIRECTION_NONE, TY_PHASE_EPOCH);
      return TY_OK;
    }
    static ty_status pass_begin(void *self, uint32_t pass) {
      say(self, pass == TY_PASS_TRAIN ? "train" : "other");
      return reset(self);
    }
    static ty_status counting_update(void *self, const ty_batch *batch, const ty_tensor *given) {
      (void)given;
      ((instance *)self)->calls += batch->rows;
      return TY_OK;
    }
    static ty_status publish(void *self) {
      const ty_host *host = ((instance *)self)->host;
      host->publish(host, 0, (double)((instance *)self)->calls);
      return TY_OK;
    }
    static ty_status merge(void *self, void *other) {
      ((instance *)self)->calls += ((instance *)other)->calls;
      return TY_OK;
    }
    static void use(void) {
      monitor_table.prepare = prepare;
      monitor_table.pass_begin = pass_begin;
      monitor_table.update = counting_update;
      monitor_table.compute = publish;
      monitor_table.merge = merge;
    }
    """

  private func update(_ monitor: MonitorInstance, rows: Int64) throws {
    var batch = ty_batch()
    batch.rows = rows
    var prediction = ty_tensor()
    try monitor.update(&batch, &prediction)
  }

  @Test func `a monitor accumulates a pass, publishes and merges`() throws {
    let component = try fixture.component("a-monitor", "use()", Self.functions)
    let monitor = try MonitorInstance(component: component, name: "m", options: [:], services: services)
    let other = try MonitorInstance(component: component, name: "n", options: [:], services: services)
    var task = ty_task()
    #expect(throws: HostError.self) { try monitor.prepare(&task) }
    for monitor in [monitor, other] {
      try monitor.reset()
      try monitor.prepare(&task)
      try monitor.passBegin(UInt32(TY_PASS_TRAIN))
      try update(monitor, rows: 3)
    }
    #expect(services.declared == ["count", "count"])
    try update(monitor, rows: 4)
    #expect(monitor.canMerge)
    try monitor.merge(other)
    #expect(throws: HostError.self) { try monitor.merge(monitor) }
    try monitor.compute()
    #expect(services.takeEffects() == ["log info \"train\"", "log info \"train\"", "publish count 10.0"])
    #expect(throws: HostError.self) { try monitor.prepare(&task) }
    monitor.destroy()
    #expect(throws: HostError.self) { try monitor.compute() }
    #expect(throws: HostError.self) { try other.merge(monitor) }
  }
}
