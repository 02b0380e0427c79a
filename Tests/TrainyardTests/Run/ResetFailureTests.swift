import Support
import Testing

@testable import Trainyard

/// A callback in C that counts its epochs, throws dice, and whose resets can fail.
@Suite struct ResetFailureTests {
  private static let source = """
    #include "trainyard.h"
    #include <stdlib.h>

    typedef struct { const ty_host *host; uint32_t epochs, dice; double count; } instance;
    static int created, resets;

    static double roll(const ty_host *host) {
      const ty_random_service *random = host->service(host, TY_SERVICE_RANDOM);
      return (double)(random->next(host) >> 40);
    }
    static ty_status create(const ty_component *component, const ty_host *host, void **self) {
      instance *made = calloc(1, sizeof *made);
      (void)component;
      if (made == NULL) return TY_FAILED;
      if (created++ >= CREATES) { free(made); host->fail(host, "no second time"); return TY_FAILED; }
      made->host = host;
      made->epochs = host->metric_declare(host, "epochs_seen", TY_DIRECTION_NONE, TY_PHASE_EPOCH);
      made->dice = host->metric_declare(host, "dice", TY_DIRECTION_NONE, TY_PHASE_EPOCH);
      roll(host);
      *self = made;
      return TY_OK;
    }
    static void destroy(void *self) { free(self); }
    static ty_status reset(void *pointer) {
      instance *self = pointer;
      roll(self->host);
      if (++resets == FAILS) { self->host->fail(self->host, "worn out"); return TY_FAILED; }
      self->count = 0;
      return TY_OK;
    }
    static ty_status on_epoch_end(void *pointer, const ty_event *event) {
      instance *self = pointer;
      (void)event;
      self->host->publish(self->host, self->epochs, ++self->count);
      self->host->publish(self->host, self->dice, roll(self->host));
      return TY_OK;
    }
    static const ty_callback table = {.struct_size = sizeof(ty_callback), .create = create, .destroy = destroy,
                                      .reset = reset, .on_epoch_end = on_epoch_end};
    static const ty_component component = {.struct_size = sizeof(ty_component), .kind = TY_KIND_CALLBACK,
                                           .id = "worn", .version = "1.0.0", .summary = "Wears out.",
                                           .table = &table};
    static const ty_component *const components[] = {&component};
    static const ty_module module = {.struct_size = sizeof(ty_module), .abi_major = TY_ABI_MAJOR,
                                     .abi_minor = TY_ABI_MINOR, .component_count = 1, .components = components};
    TY_EXPORT const ty_module *trainyard_plugin(const ty_entry_args *args) { (void)args; return &module; }
    """

  /// - Parameters:
  ///   - failing: The reset that fails, from 1.
  ///   - creates: How many instances can be made.
  private func moons(failing: Int, creates: Int) throws -> Moons {
    var moons = try Moons()
    let source = try moons.folder.write("worn.c", Self.source)
    let library = try compileLibrary(
      [source], as: "worn-\(failing)-\(creates)", in: moons.folder,
      flags: ["-DFAILS=\(failing)", "-DCREATES=\(creates)"])
    moons.callbacks = "[{plugin: \"\(library)\", name: worn}]"
    return moons
  }

  @Test(arguments: [1, 2])
  func `an instance that cannot be reset is created anew, and the run says so`(failing: Int) throws {
    let sound = try moons(failing: 0, creates: 9).plan.withSession { try $0.fit() }
    let reports = try moons(failing: failing, creates: 2).plan.withSession { session in
      [try session.fit(), try session.fit()]
    }
    let warnings = ["callback 'worn' could not be reset and was created anew: "]
    for (number, report) in reports.enumerated() {
      #expect(report.result.outcome == .finished)
      #expect(report.result.series("epochs_seen") == [1, 2])
      #expect(report.result.series("dice") == sound.result.series("dice"), "its dice start anew as well")
      #expect(report.result.series("loss") == sound.result.series("loss"))
      #expect(report.warnings.count == (number == failing - 1 ? 1 : 0))
      for (said, start) in zip(report.warnings, warnings) {
        #expect(said.hasPrefix(start) && said.hasSuffix("worn out"))
      }
    }
    let summary = try readText(try #require(reports[failing - 1].folder) + "/summary.json")
    #expect(summary.contains("was created anew"))
  }

  @Test func `an instance that cannot be created anew ends the run, and the next run tries again`() throws {
    try moons(failing: 1, creates: 1).plan.withSession { session in
      for _ in 0..<2 {
        let result = try session.fit().result
        #expect(result.outcome == .failed && result.epochs.isEmpty)
        #expect(result.reason == "callback 'worn' failed in reset: no second time")
      }
    }
  }
}
