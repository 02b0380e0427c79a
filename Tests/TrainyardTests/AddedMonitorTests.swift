import Support
import Testing

@testable import Trainyard

/// Monitors that a plugin adds at run time through trainyard.monitors/1.
@Suite struct AddedMonitorTests {
  /// A callback that adds a monitor which counts rows. -DWHERE says in which call, -DNAME under which name.
  static let source = #"""
    #include <stdlib.h>
    #include "trainyard.h"
    typedef struct { const ty_host *host; uint32_t id; int64_t rows; } rows;
    static ty_status rows_create(const ty_component *c, const ty_host *host, void **self) {
      (void)c;
      rows *r = calloc(1, sizeof *r);
      if (!r) return TY_FAILED;
      r->host = host;
      r->id = host->metric_declare(host, "rows", TY_DIRECTION_MAX, TY_PHASE_EPOCH);
      *self = r;
      return TY_OK;
    }
    static void done(void *self) { free(self); }
    static ty_status rows_reset(void *self) { ((rows *)self)->rows = 0; return TY_OK; }
    static ty_status rows_begin(void *self, uint32_t pass) { (void)pass; return rows_reset(self); }
    static ty_status rows_update(void *self, const ty_batch *b, const ty_tensor *p) {
      (void)p;
      ((rows *)self)->rows += b->rows;
      return TY_OK;
    }
    static ty_status rows_compute(void *self) {
      rows *r = self;
      r->host->publish(r->host, r->id, (double)r->rows);
      return TY_OK;
    }
    static const ty_monitor rows_table = {
      .struct_size = sizeof(ty_monitor), .create = rows_create, .destroy = done, .reset = rows_reset,
      .pass_begin = rows_begin, .update = rows_update, .compute = rows_compute};
    static const ty_component rows_component = {
      .struct_size = sizeof(ty_component), .kind = TY_KIND_MONITOR, .id = "rows", .version = "1.0.0",
      .summary = "Counts rows.", .table = &rows_table};

    typedef struct { const ty_host *host; int64_t runs; } adder;
    static ty_status add(const ty_host *host) {
      const ty_monitors_service *monitors = host->service(host, TY_SERVICE_MONITORS);
      return monitors ? monitors->add(host, &rows_component, NAME) : TY_FAILED;
    }
    static ty_status adder_create(const ty_component *c, const ty_host *host, void **self) {
      (void)c;
      adder *a = calloc(1, sizeof *a);
      if (!a) return TY_FAILED;
      a->host = host;
      if (WHERE == 0 && add(host) != TY_OK) { free(a); return TY_FAILED; }
      *self = a;
      return TY_OK;
    }
    static ty_status adder_reset(void *self) { (void)self; return TY_OK; }
    static ty_status adder_begin(void *self, const ty_event *e) {
      (void)e;
      adder *a = self;
      /* WHERE 2: in the first run only. */
      return WHERE == 1 || (WHERE == 2 && a->runs++ == 0) ? add(a->host) : TY_OK;
    }
    static const ty_callback adder_table = {
      .struct_size = sizeof(ty_callback), .create = adder_create, .destroy = done, .reset = adder_reset,
      .on_train_begin = adder_begin};
    static const ty_component adder_component = {
      .struct_size = sizeof(ty_component), .kind = TY_KIND_CALLBACK, .id = "adder", .version = "1.0.0",
      .summary = "Adds a monitor.", .table = &adder_table};
    static const ty_component *const components[] = {&adder_component};
    static const ty_module module = {
      .struct_size = sizeof(ty_module), .abi_major = TY_ABI_MAJOR, .abi_minor = TY_ABI_MINOR, .component_count = 1,
      .components = components};
    const ty_module *trainyard_plugin(const ty_entry_args *args) { (void)args; return &module; }
    """#

  func plan(
    where place: Int, name: String = "rows", monitors: String = "[]", in folder: TemporaryFolder,
    isolate: String = "false", watcher: String = ""
  ) throws -> Plan {
    let source = try folder.write("adder.c", Self.source)
    let library = try compileLibrary(
      [source], as: "adder\(place)", in: folder, flags: ["-DWHERE=\(place)", "-DNAME=\"\(name)\""])
    let text = """
      data: {train: {dataset: synthetic, rows: 100}, validation: {fraction: 0.2}}
      model: {plugin: mlp, hidden: [4]}
      train: {epochs: 2, batch_size: 16}
      monitors: \(monitors)
      callbacks: [{plugin: \(library), isolate: \(isolate)}\(watcher)]
      """
    var plan = try Pipeline(ConfigReader.read(text: text, file: "p.yaml"), baseFolder: folder.path).plan()
    plan.output.folder = nil
    return plan
  }

  static let homes = ["false", "true", "together"]

  @Test(arguments: [0, 1], homes)
  func `a monitor that a plugin adds is a metric of every run`(place: Int, isolate: String) throws {
    let folder = try TemporaryFolder()
    let plan = try plan(
      where: place, monitors: "[{name: share, expression: val_rows / (rows + val_rows)}]", in: folder,
      isolate: isolate,
      watcher: ", {plugin: early-stopping, monitor: val_rows, patience: 5}")
    try plan.withSession { session in
      for _ in 0..<2 {
        let result = try session.fit().result
        #expect(result.failure == nil, "\(result.reason)")
        #expect(result.series("rows") == [80, 80] && result.series("val_rows") == [20, 20])
        #expect(result.series("share") == [0.2, 0.2])
      }
    }
  }

  @Test(arguments: homes)
  func `a monitor that is added when a run begins lives for that run`(isolate: String) throws {
    let folder = try TemporaryFolder()
    let plan = try plan(where: 2, in: folder, isolate: isolate)
    let series = try plan.withSession { session in
      try (0..<2).map { _ in try session.fit().result.series("rows") }
    }
    #expect(series == [[80, 80], []])
  }

  @Test(arguments: homes)
  func `a name that a monitor of the pipeline has is refused`(isolate: String) throws {
    let folder = try TemporaryFolder()
    let result = try plan(
      where: 1, name: "gap", monitors: "[{name: gap, expression: loss}]", in: folder, isolate: isolate
    )
    .run().result
    #expect(result.outcome == .failed && result.steps == 0)
    #expect(result.reason.contains("the pipeline has added a monitor of the name 'gap'"), "\(result.reason)")
  }

  /// The helper dies in another plugin, and the monitor comes back with the one that has added it.
  @Test(arguments: [0, 1])
  func `a monitor that a plugin has added is brought back with its helper`(place: Int) throws {
    let folder = try TemporaryFolder()
    let faults = try FaultyTraining.build([], in: folder)
    let plan = try plan(
      where: place, in: folder, isolate: "together",
      watcher: ", {plugin: \"\(faults)\", isolate: together, quiet: true, on_crash: drop, fault: segfault, "
        + "hook: on_batch_end, after: 2}")
    let report = try plan.run()
    #expect(report.result.outcome == .finished, "\(report.result.reason)")
    #expect(report.incidents.map(\.instance) == ["faults"])
    #expect(report.result.series("rows") == [80, 80] && report.result.series("val_rows") == [20, 20])
  }
}
