import Conformance
import Support
import Testing

/// A check that cannot fail is none: each rule finds the fixture that breaks it.
@Suite struct FaultTests {
  static let faults: [Fault] = [
    Fault(
      source: "watcher", macro: "FAULT_NO_RESET", rule: "load-opens", words: ["'watcher' has no reset()"]),
    Fault(
      source: "watcher", macro: "FAULT_CREATE_FAILS", rule: "create-defaults",
      words: ["there is no such device", "patience: 1"]),
    Fault(
      source: "watcher", macro: "FAULT_REFUSES_BOUND", rule: "create-bounds",
      words: ["create refuses patience=0", "does not say why"]),
    Fault(
      source: "watcher", macro: "FAULT_BELIEVES_TABLE", rule: "create-invalid", outcome: .crashed,
      words: ["SIGSEGV", "in create", "extra='{'"]),
    Fault(
      source: "watcher", macro: "FAULT_DESTROY_NEEDS_RUN", rule: "destroy-early", outcome: .crashed,
      words: ["SIGSEGV", "in destroy", "right after create"]),
    Fault(
      source: "watcher", macro: "FAULT_GLOBAL_COUNTER", rule: "instances-independent",
      words: ["kept outside of the instance", "one alone:", "with the other: on_epoch_end"]),
    Fault(
      source: "watcher", macro: "FAULT_FAILS_SILENTLY", rule: "metrics-missing",
      words: ["on_epoch_end fails and does not say why", "val_loss missing"]),
    Fault(
      source: "watcher", macro: "FAULT_DIVIDES_BY_BATCHES", rule: "empty-epochs", outcome: .crashed,
      words: ["SIGFPE", "on_epoch_end, epoch 1", "no batches"]),
    Fault(
      source: "watcher", macro: "FAULT_EPOCH_IS_INDEX", rule: "huge-numbers", outcome: .crashed,
      words: ["SIGSEGV", "on_epoch_end, epoch 2147483649"]),
    Fault(
      source: "watcher", macro: "FAULT_LOOKS_AT_THE_TIME", rule: "repeatable", outcome: .warning,
      words: ["'stop' differs between two runs", "clock service"]),
    Fault(
      source: "watcher", macro: "FAULT_BEST_NOT_RESET", rule: "reset-trace",
      words: [
        "reset() leaves something behind: state key 'best' is", "after reset, and 1e+308 in a new instance",
        "a new instance: on_epoch_end, epoch 1: publish best_value",
        "this one:       on_epoch_end, epoch 1: publish best_value",
      ]),
    Fault(
      source: "watcher", macro: "FAULT_COUNTER_NOT_RESET", rule: "reset-state",
      words: ["state key 'epochs' is 1 after reset, and 0 in a new instance"]),
    Fault(
      source: "watcher", macro: "FAULT_RESET_ONCE", rule: "reset-twice",
      words: ["a second reset() fails: there is nothing to reset"]),
    Fault(
      source: "watcher", macro: "FAULT_RESET_AFTER_END_ONLY", rule: "reset-anytime",
      words: ["works after a run that has ended, and not after one that was cut off", "without on_train_end"]),
    Fault(
      source: "watcher", macro: "FAULT_RESET_PUBLISHES", rule: "reset-quiet",
      words: ["publish best_value 0.0"]),
    Fault(
      source: "watcher", macro: "FAULT_SETTING_CHANGES", rule: "reset-settings",
      words: ["with patience=2", "stop 'no improvement for"]),
    Fault(
      source: "watcher", macro: "FAULT_FIELD_NOT_SAVED", rule: "resume-continue",
      words: ["is not in what state_save saves", "uninterrupted:   on_epoch_end", "resumed:"]),
    Fault(
      source: "watcher", macro: "FAULT_TRAIN_BEGIN_CLEARS", rule: "resume-train-begin",
      words: [
        "on_train_begin changes what state_load brought: '", "after on_train_begin", "saved after: on_",
      ]),
    Fault(
      source: "watcher", macro: "FAULT_EMPTY_IS_ZERO", rule: "resume-empty",
      words: ["'best' is 0.0 after loading nothing, and 1e+308 after reset"]),
    Fault(
      source: "watcher", macro: "FAULT_SAVES_OTHER", rule: "resume-round-trip",
      words: ["state does not survive: 'wait' is"]),
    Fault(
      source: "watcher", macro: "FAULT_NEEDS_KEY", rule: "resume-missing-key",
      words: ["state without 'wait'", "there is no 'wait'"]),
    Fault(
      source: "watcher", macro: "FAULT_BELIEVES_STATE", rule: "resume-bad-state", outcome: .crashed,
      words: ["SIGSEGV", "in state_load", "'wait' as 9223372036854775807"]),
    // What is refused without a word, a warning, must not hide what is worse.
    Fault(
      source: "watcher", macro: "FAULT_STALE_BESIDE_SILENCE", rule: "resume-bad-state",
      words: ["reset() leaves something of a bad state behind", "this one:"]),
  ]

  @Test(arguments: faults + PluginFaults.all)
  func `finds the fault and names it`(_ fault: Fault) throws {
    let folder = try TemporaryFolder()
    var request = CheckRequest(try Fault.library(fault.source, fault.macro, in: folder))
    request.level = .strict
    request.rules = [fault.rule]
    let report = try checker().check(request)
    let result = try #require(report.results.first)
    #expect(report.results.count == 1)
    #expect(result.verdict.outcome == fault.outcome, "\(result.text)")
    for words in fault.words { #expect(result.text.contains(words), "\(words)\nis not in\n\(result.text)") }
  }

  @Test func `every rule has a fixture that breaks it`() {
    let broken = Set((Self.faults + PluginFaults.all).map(\.rule))
    // Time is told and never judged.
    #expect(Rule.all.map(\.id).filter { !broken.contains($0) && $0 != "hook-times" } == [])
  }

  @Test func `finds nothing in a clean plugin`() throws {
    let folder = try TemporaryFolder()
    let example = packageFolder() + "/examples/callback-in-c/halve_on_plateau.c"
    let libraries =
      [
        try Fault.library("watcher", nil, in: folder),
        try compileLibrary([example], as: "halve-on-plateau", in: folder),
      ]
      + (try ["callback", "model", "monitor", "dataset"].map { try Fault.library($0, nil, in: folder) })
    for library in libraries {
      var request = CheckRequest(library)
      request.level = .strict
      let report = try checker().check(request)
      let found = report.results.filter { $0.verdict.outcome != .passed }
      #expect(found.isEmpty, "\(library): \(found.map(\.text).joined(separator: "\n"))")
      #expect(report.results.count > 20)
    }
  }
}
