import ForeignCalls
import Glibc
import PluginHost
import Support
import Testing

@testable import Trainyard

/// C functions of a pipeline in helper processes: the same values, and a crash that ends no run.
@Suite struct FunctionGuestTests {
  private static let source = """
    #include <stdbool.h>
    #include <stddef.h>
    #include <stdint.h>
    #include <stdlib.h>
    #include <stdio.h>
    static double sum(const double *x, size_t n) { double s = 0; for (size_t i = 0; i < n; i++) s += x[i]; return s; }
    double brier(const float *p, const int *y, size_t n) {
      double s = 0;
      for (size_t i = 0; i < n; i++) s += ((double)p[i] - y[i]) * ((double)p[i] - y[i]);
      return s / (double)n;
    }
    float spoil(float *p, const uint8_t *y, uint32_t n) {
      float s = 0; for (uint32_t i = 0; i < n; i++) { s += p[i] * (float)(y[i] + 1); p[i] = -9; } return s;
    }
    double weighted(const double *p, const double *w, size_t n, const double *k, const char *text) {
      double s = 0; for (size_t i = 0; i < n; i++) s += p[i] * w[i]; return s * k[0] + k[1] + text[0];
    }
    void moments(const double *p, size_t n, double *mean, float *largest, int32_t *rows) {
      float m = (float)p[0];
      for (size_t i = 0; i < n; i++) if (p[i] > m) m = (float)p[i];
      *mean = sum(p, n) / (double)n; *largest = m; *rows = (int32_t)n;
    }
    double running(double *state, const float *p, size_t n) { for (size_t i = 0; i < n; i++) *state += p[i]; return *state; }
    double by_element(double (*at)(size_t, void *), size_t n, void *context, void (*tell)(double)) {
      double s = 0; for (size_t i = 0; i < n; i++) { s = s * 0.5 + at(i, context); tell(s); } return s;
    }
    double moment(long long epoch, long long step, double loss, int8_t width) { return 1000.0 * epoch + step + loss * width; }
    bool is_large(double x) { return x > 0.5; }
    int64_t whole(int64_t x, uint16_t y) { return x + y; }
    double nothing(double x) { (void)x; return 0.0 / 0.0; }
    double endless(double x) { volatile double y = x; for (;;) y += 1; return y; }
    double dies_once(double *calls, const char *marker, double x) {
      FILE *file = fopen(marker, "r");
      if (++*calls == 3 && !file) { if ((file = fopen(marker, "w"))) fclose(file); abort(); }
      if (file) fclose(file);
      return *calls * 100 + x;
    }
    #ifdef CRASHES_WHEN_OPENED
    __attribute__((constructor)) static void opened(void) { *(volatile int *)8 = 1; }
    #endif
    """

  private static func library(in folder: TemporaryFolder, flags: [String] = []) throws -> String {
    try compileLibrary(
      [try folder.write("guest.c", source)], as: "guest", in: folder,
      flags: ["-fvisibility=default", "-Wno-unused-function", "-Wno-unused-parameter"] + flags)
  }

  private func node(_ text: String) throws -> ConfigNode {
    try ConfigReader.read(text: text, file: "monitors")
  }

  /// The plan of a short training with these monitors beside accuracy.
  private func plan(_ monitors: [String], in moons: Moons) throws -> Plan {
    let list = monitors.map { "- {\($0)}\n" }.joined()
    let base = try moons.plan.resolved.node
    return try Pipeline(base.setting("monitors", to: node(list)), baseFolder: moons.folder.path).plan()
  }

  // MARK: The same values

  static let functions: [String] = [
    """
    symbol: brier, returns: f64, args: [{bind: prediction, as: "*const f32"}, {bind: target, as: "*const i32"}, {bind: count, as: usize}]
    """,
    """
    symbol: brier, returns: f64, when: batch, args: [{bind: prediction, as: "*f32"}, {bind: target, as: "*i32"}, {bind: count, as: usize}]
    """,
    """
    symbol: spoil, returns: f32, args: [{bind: prediction, as: "*f32"}, {bind: target, as: "*const u8"}, {bind: count, as: u32}]
    """,
    """
    symbol: weighted, returns: f64, when: batch, args: [{bind: prediction, as: "*const f64"}, {bind: weight, as: "*const f64"}, {bind: count, as: usize}, {value: [0.1, .inf], as: "*f64"}, {value: "é\\n", as: "*i8"}]
    """,
    """
    symbol: moments, returns: void, args: [{bind: prediction, as: "*const f64"}, {bind: count, as: usize}, {out: mean, as: "*f64"}, {out: largest, as: "*f32", direction: max}, {out: n, as: "*i32"}]
    """,
    """
    symbol: running, returns: f64, args: [{context: 8, as: "*f64"}, {bind: prediction, as: "*const f32"}, {bind: count, as: usize}]
    """,
    """
    symbol: running, returns: f64, when: batch, args: [{context: 8, as: "*f64"}, {bind: prediction, as: "*const f32"}, {bind: count, as: usize}]
    """,
    """
    symbol: by_element, returns: f64, args: [{callback: {args: [usize, "*void"], returns: f64, reads: target}}, {bind: count, as: usize}, {context: 4, as: "*void"}, {callback: {args: [f64], returns: void, publishes: told}}]
    """,
    """
    symbol: moment, returns: f64, args: [{bind: epoch, as: i64}, {bind: step, as: i64}, {bind: val_loss, as: f64}, {bind: 3, as: i8}]
    """,
    """
    symbol: is_large, returns: bool, args: [{bind: loss, as: f64}]
    """,
    """
    symbol: whole, returns: i64, args: [{bind: 9007199254740993, as: i64}, {bind: epoch, as: u16}]
    """,
    """
    symbol: nothing, returns: f64, args: [{bind: .nan, as: f64}]
    """,
    """
    library: libm.so.6, symbol: tgamma, returns: f64, args: [{bind: loss, as: f64}]
    """,
  ]

  @Test func `every signature gives in a helper what it gives in this process, bit for bit`() throws {
    let moons = try Moons()
    let library = try Self.library(in: moons.folder)
    func run(_ isolate: String) throws -> RunReport {
      let monitors = Self.functions.enumerated().map { index, text in
        let place = text.contains("library:") ? "" : "library: \"\(library)\", "
        let renamed = ["mean", "largest", "n", "told"].reduce(text) {
          $0.replacing("out: \($1),", with: "out: \($1)-\(index),")
        }
        return "name: f\(index), \(place)\(renamed.trimmed), isolate: \(isolate)"
      }
      return try plan(monitors, in: moons).run()
    }
    let (here, there) = (try run("false"), try run("together"))
    #expect(here.result.failure == nil && there.result.failure == nil, "\(there.result.reason)")
    #expect(there.incidents.isEmpty)
    #expect(try Learned(here) == Learned(there))
    #expect(
      here.result.history.mapValues { $0.map(\.bitPattern) }
        == there.result.history.mapValues { $0.map(\.bitPattern) })
    for name in ["f0", "val_f1", "f2", "f3", "val_mean-4", "f5", "f6", "told", "f8", "f9", "f10", "f12"] {
      #expect(there.result.history[name]?.count == 2, "\(name)")
    }
    #expect(there.result.history["f10"]?.first == 9_007_199_254_740_992)
  }

  @Test func `each fit of a session begins with a context of zeros`() throws {
    let moons = try Moons()
    let plan = try plan(
      [
        "name: calls, library: \"\(try Self.library(in: moons.folder))\", symbol: dies_once, returns: f64, isolate: true, args: [{context: 8, as: \"*f64\"}, {value: /dev/null, as: \"*i8\"}, {bind: 1, as: f64}]"
      ], in: moons)
    let series = try plan.withSession { session in
      try (0..<2).map { _ in try session.fit().result.series("calls") }
    }
    #expect(series == [[101, 201], [101, 201]])
  }

  // MARK: What may happen

  /// 'brier' with the rows as a number: the prototype that is not the function's.
  private static let wrong = """
    symbol: brier, returns: f64, args: [{bind: count, as: usize}, {bind: target, as: "*i32"}, {bind: count, as: usize}]
    """

  static let policies: [(keys: String, outcome: String, policies: [IsolationSettings.CrashPolicy])] = [
    ("", "failed", [.fail]),
    ("on_crash: fail", "failed", [.fail]),
    // Training and validation are measured by two instances.
    ("on_crash: drop", "finished", [.drop, .drop]),
    ("on_crash: restart", "failed", [.restart, .restart, .restart, .fail]),
  ]

  @Test(arguments: policies, FunctionConfig.When.allCases)
  func `a wrong signature ends a helper and not the host`(
    row: (keys: String, outcome: String, policies: [IsolationSettings.CrashPolicy]), when: FunctionConfig.When
  ) throws {
    let moons = try Moons()
    let keys = row.keys.isEmpty ? "" : ", " + row.keys
    let report = try plan(
      [
        "plugin: accuracy",
        "name: b, library: \"\(try Self.library(in: moons.folder))\", \(Self.wrong.trimmed), when: \(when.rawValue), isolate: true\(keys)",
      ], in: moons
    ).run()
    let call = when == .epoch ? "compute" : "update"
    #expect(report.result.outcome.name == row.outcome, "\(report.result.reason)")
    #expect(report.incidents.map(\.policy) == row.policies)
    #expect(
      report.incidents.allSatisfy { $0.call == call && $0.what.hasPrefix("crashed: signal 11 (SIGSEGV)") })
    #expect(report.incidents.allSatisfy { $0.instance == "b" && $0.kind == .monitor })
    let summary = try readText(try #require(report.folder) + "/summary.json")
    #expect(summary.contains("\"incidents\"") && summary.contains("SIGSEGV"))
    if row.outcome == "failed" {
      let start = "monitor 'b' failed in \(call)"
      #expect(report.result.reason.hasPrefix(start) && report.result.reason.contains("signal 11 (SIGSEGV)"))
    } else {
      #expect(report.result.history["b"] == nil && report.result.history["val_accuracy"]?.count == 2)
      #expect(report.warnings.contains { $0.contains("monitor 'b', in \(call)") })
    }
  }

  @Test func `a function that is brought back has its context as it was`() throws {
    var moons = try Moons()
    moons.epochs = 6
    try Shell.check(["mkdir", "-p", moons.folder("runs")])
    let library = try Self.library(in: moons.folder)
    func run(_ isolate: String, marker: String) throws -> RunReport {
      try plan(
        [
          "name: n, library: \"\(library)\", symbol: dies_once, returns: f64, args: [{context: 8, as: \"*f64\"}, {value: \"\(marker)\", as: \"*i8\"}, {bind: loss, as: f64}], \(isolate)"
        ], in: moons
      ).run()
    }
    let expected = try Learned(run("isolate: false", marker: "/dev/null"))
    let report = try run("isolate: true, on_crash: restart", marker: moons.folder("runs/once"))
    #expect(try Learned(report) == expected)
    #expect(report.incidents.map(\.policy) == [.restart])
    #expect(report.incidents.first?.what.hasPrefix("crashed: signal 6 (SIGABRT)") == true)
  }

  @Test func `a function that does not come back is killed at its deadline`() throws {
    let moons = try Moons()
    let report = try plan(
      [
        "name: e, library: \"\(try Self.library(in: moons.folder))\", symbol: endless, returns: f64, args: [{bind: loss, as: f64}], isolate: true, deadline: 2s, on_crash: drop"
      ], in: moons
    ).run()
    #expect(report.result.outcome == .finished)
    #expect(report.incidents.map(\.what) == ["did not answer within 2 s and was killed"])
  }

  @Test func `an answer that is cut short, or has other outputs, is no answer`() throws {
    var writer = WireWriter()
    writer.put(true)
    writer.put(1.5 as Double?)
    writer.put(list: [2.5, nil] as [Double?]) { $0.put($1) }
    let good = writer.bytes
    var reader = WireReader(good)
    let values = try reader.functionAnswer(outputs: 2).get()
    #expect(values.result == 1.5 && values.outputs == [2.5, nil])
    for count in good.indices {
      var reader = WireReader(Array(good[..<count]))
      #expect(throws: WireFault.self) { try reader.functionAnswer(outputs: 2) }
    }
    var other = WireReader(good)
    #expect(throws: WireFault.self) { try other.functionAnswer(outputs: 1) }
    for byte in UInt8.min...UInt8.max {
      var reader = WireReader([0, byte])
      #expect(throws: WireFault.self) { try reader.functionAnswer(outputs: 2) }
    }
  }

  // MARK: Planning

  static let refused: [(keys: String, why: Comment)] = [
    ("library: ./gone.so, symbol: f, returns: f64", "no such file"),
    ("library: libgone-at-all.so.1, symbol: f, returns: f64", "no such library of the system"),
    ("library: LIBRARY, symbol: brior, returns: f64", "no such function"),
    ("library: LIBRARY, symbol: printf, returns: i32", "variadic"),
    ("library: libc.so.6, symbol: printf, returns: i32", "variadic, of libc"),
    ("library: WRITABLE, symbol: brier, returns: f64", "others can write it"),
    ("library: ./guest.c, symbol: brier, returns: f64", "no library"),
  ]

  @Test(arguments: refused)
  func `what cannot be called is refused in the words of this process`(keys: String, why: Comment) throws {
    let moons = try Moons()
    let library = try Self.library(in: moons.folder)
    let writable = moons.folder("libwritable.so")
    try Shell.check(["cp", library, writable])
    #expect(chmod(writable, 0o777) == 0)
    let text = keys.replacing("LIBRARY", with: "\"\(library)\"").replacing(
      "WRITABLE", with: "\"\(writable)\"")
    func problems(_ isolate: String) throws -> [ConfigProblem] {
      try #require(throws: ConfigProblems.self) {
        try plan(["name: f, \(text), isolate: \(isolate)"], in: moons)
      }.problems
    }
    let (here, there) = (try problems("false"), try problems("true"))
    #expect(!here.isEmpty && here.map(\.message) == there.map(\.message), why)
    #expect(here.map(\.help) == there.map(\.help) && here.map(\.position) == there.map(\.position), why)
  }

  @Test func `a library that crashes when it is opened is a problem of the config`() throws {
    let moons = try Moons()
    let library = try Self.library(in: moons.folder, flags: ["-DCRASHES_WHEN_OPENED"])
    let problems = try #require(throws: ConfigProblems.self) {
      try plan(["name: b, library: \"\(library)\", \(Self.wrong.trimmed), isolate: true"], in: moons)
    }.problems
    #expect(
      problems.map(\.message) == [
        "cannot open the library '\(library)': its process crashed: signal 11 (SIGSEGV) while it was being opened"
      ])
  }

  @Test func `planning opens no library of an isolated function in this process`() throws {
    let moons = try Moons()
    let library = try Self.library(in: moons.folder)
    _ = try plan(
      [
        "name: l, library: \"\(library)\", symbol: is_large, returns: bool, args: [{bind: loss, as: f64}], isolate: true"
      ],
      in: moons)
    #expect(dlopen(library, RTLD_NOW | RTLD_NOLOAD) == nil)
  }

  @Test func `isolation of the whole pipeline is for C functions too, and its keys stay in the config`()
    throws
  {
    var moons = try Moons()
    moons.extra = "isolation: all"
    let text =
      "library: libm.so.6, symbol: fabs, returns: f64, args: [{bind: loss, as: f64}]"
    let plan = try plan(
      [
        "name: a, \(text)", "name: b, \(text), isolate: false",
        "name: c, \(text), isolate: g, on_crash: drop, deadline: 2s, memory_limit: 64",
      ], in: moons)
    let settings = plan.measures.map { measure -> IsolationSettings? in
      if case .function(let function) = measure { function.isolation } else { nil }
    }
    #expect(settings.map { $0 != nil } == [true, false, true])
    #expect(
      settings[2]?.group == "g" && settings[2]?.onCrash == .drop && settings[2]?.deadline == .seconds(2))
    let again = try Pipeline(plan.resolved.node, baseFolder: "/").config
    guard case .function(let function) = try #require(again.measures.last).content else { return }
    #expect(function.isolation.onCrash == .drop && function.isolation.memoryLimit == 64)
    let problems = try #require(throws: ConfigProblems.self) {
      try self.plan(["name: a, \(text), isolate: false, on_crash: drop"], in: moons)
    }.problems
    #expect(problems.first?.message == "'on_crash' is about a helper process, and this monitor has none")
  }

  @Test func `with a lock file a helper opens what was compared, and nothing else`() throws {
    let moons = try Moons()
    let library = try Self.library(in: moons.folder)
    let monitors = "- {name: b, library: \"\(library)\", \(Self.functions[0].trimmed), isolate: true}"
    let config = try moons.plan.resolved.node.setting("monitors", to: node(monitors))
    func pipeline() throws -> Pipeline { try Pipeline(config, baseFolder: moons.folder.path) }
    _ = try LockFile.write(for: pipeline())
    let plan = try pipeline().plan()
    // From here on another file lies under the name.
    _ = try compileLibrary(
      [try moons.folder.write("other.c", "double brier(void) { return 42; }")], as: "guest", in: moons.folder,
      flags: ["-fvisibility=default"])
    #expect {
      _ = try pipeline().plan()
    } throws: { "\($0)".contains("trainyard.lock") }
    #expect { _ = try plan.run() } throws: { "\($0)".contains("trainyard.lock") }
  }

  // MARK: The call callback

  @Test func `the call callback does the same in a helper`() throws {
    var moons = try Moons()
    let library = try Self.library(in: moons.folder)
    func run(_ isolate: String, _ symbol: String = "moment") throws -> RunReport {
      let args =
        symbol == "moment"
        ? "[{bind: epoch, as: i64}, {bind: step, as: i64}, {bind: loss, as: f64}, {bind: 2, as: i8}]"
        : "[{bind: epoch, as: usize}, {bind: 8, as: usize}, {bind: 8, as: usize}]"
      moons.callbacks =
        "[{plugin: call, library: \"\(library)\", symbol: \(symbol), returns: f64, result: place, args: \(args), isolate: \(isolate)}]"
      return try moons.plan.run()
    }
    let (here, there) = (try run("false"), try run("true"))
    #expect(try Learned(here) == Learned(there) && there.result.history["place"]?.count == 2)
    let crashed = try run("true", "brier")
    #expect(crashed.result.outcome == .failed && crashed.result.reason.contains("signal 11 (SIGSEGV)"))
  }

  // MARK: trainyard check

  @Test func `a check calls each function once and says what happened`() throws {
    let moons = try Moons()
    let library = try Self.library(in: moons.folder)
    let text = """
      data: {train: {dataset: synthetic}}
      model: mlp
      train: {epochs: 1}
      monitors:
      - {name: good, library: "\(library)", \(Self.functions[0].trimmed)}
      - {name: wrong, library: "\(library)", \(Self.wrong.trimmed)}
      - {name: gone, library: "\(library)", symbol: gone, returns: f64}
      - {name: late, library: "\(library)", symbol: endless, returns: f64, args: [{bind: loss, as: f64}], isolate: true, deadline: 2s}
      - {name: two, expression: 2 * loss}
      """
    let checks = try Pipeline(node(text), baseFolder: moons.folder.path).checkFunctions()
    #expect(checks.map(\.name) == ["good", "wrong", "gone", "late"])
    guard checks.count == 4 else { return }
    // Of 16 rows, 1/17 to 16/17, every second one of them true.
    let expected =
      (0..<16).reduce(0.0) { sum, row in
        let distance = Double(Float(row + 1) / 17) - Double(row % 2)
        return sum + distance * distance
      } / 16
    #expect(checks[0].outcome == .called([FunctionCheck.Value(name: "good", value: expected)]))
    #expect(checks[1].outcome == .ended("crashed: signal 11 (SIGSEGV)"))
    guard case .refused(let message, _) = checks[2].outcome else {
      Issue.record("\(checks[2])")
      return
    }
    #expect(message == "'\(library)' has no function 'gone'")
    #expect(checks[3].outcome == .ended("did not answer within 2 s and was killed"))
  }
}

extension String {
  fileprivate var trimmed: String {
    split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " } }.joined(separator: " ")
  }
}
