import CTrainyard
import PluginHost
import Support
import Testing

@testable import Trainyard

/// Neighbouring callbacks of one helper are told of a hook in one message, and nobody can tell.
@Suite struct NeighbourTests {
  private let library: String
  private var moons: Moons

  init() throws {
    moons = try Moons()
    moons.extra = ""
    library = try compileLibrary(
      [componentsFolder + "/../../TrainyardTests/Isolation/Fixtures/neighbours.c"], as: "neighbours",
      in: moons.folder)
    try Shell.check(["mkdir", "-p", moons.folder("runs")])
  }

  /// Each callback by what it does, and where it runs: each reads what the one before it has published.
  private func run(_ parts: [(does: String, isolate: String, more: String)]) throws -> RunReport {
    var before = "loss"
    let list = parts.enumerated().map { index, part in
      defer { before = "m\(index)" }
      return
        "{plugin: \"\(library)\", name: n\(index), does: \(part.does), reads: \(before), gives: m\(index), "
        + "isolate: \(part.isolate)\(part.more)}"
    }
    var moons = moons
    moons.callbacks = "[\(list.joined(separator: ", "))]"
    let node = try moons.plan.resolved.node
      .setting(path: ["output", "record"], to: ConfigNode(.string("batches")))
    return try Pipeline(node, baseFolder: moons.folder.path).plan().run()
  }

  /// What a run leaves, without the clock and without what says how it was kept apart.
  private func left(_ report: RunReport) throws -> [String: String] {
    var texts: [String: String] = [:]
    for (name, bytes) in try report.files()
    where ["metrics.csv", "events.jsonl", "shared.txt", "safetensors"].contains(where: { name.hasSuffix($0) })
    {
      texts[name] =
        name.hasSuffix("safetensors")
        ? "\(bytes)"
        : String(decoding: bytes, as: UTF8.self).replacing(#/"seconds": ?[-+.0-9e]+/#, with: "")
    }
    texts["outcome"] = report.result.outcome.name + report.result.reason
    texts["warnings"] = report.warnings.joined(separator: "\n")
    return texts
  }

  static let actions = [
    "nothing", "set parameter", "append", "take", "restore", "save", "note", "stop", "look at weights",
  ]

  @Test(arguments: actions)
  func `what one does the next one finds done, in one helper, in several and in none`(does: String) throws {
    func report(_ isolate: [String]) throws -> [String: String] {
      try left(run(zip(["nothing", does, "nothing", "note"], isolate).map { ($0, $1, ", period: 3") }))
    }
    let here = try report(["false", "false", "false", "false"])
    #expect(
      here["./metrics.csv"]?.contains("m3") == true && here["./events.jsonl"]?.contains("effects") == true)
    for isolate in [
      ["g", "g", "g", "g"], ["true", "true", "true", "true"], ["g", "g", "false", "g"], ["g", "h", "h", "g"],
    ] {
      #expect(try report(isolate) == here, "\(isolate)")
    }
  }

  @Test(arguments: ["drop", "fail"])
  func `one that fails is the last that is called, or is left out`(policy: String) throws {
    func report(_ isolate: String) throws -> [String: String] {
      try left(
        run([
          ("nothing", isolate, ""), ("fail", isolate, ", period: 40, on_error: \(policy)"),
          ("nothing", isolate, ""),
        ]))
    }
    let here = try report("false")
    #expect(here["outcome"]?.hasPrefix(policy == "drop" ? "finished" : "failed") == true)
    #expect(try report("g") == here)
  }

  // MARK: Deaths

  private func run(crash keys: String, isolate: String = "g") throws -> RunReport {
    let faults = try FaultyTraining.build([], in: moons.folder)
    var moons = moons
    let neighbours = (0..<3).map {
      "{plugin: \"\(library)\", name: n\($0), reads: loss, gives: m\($0), isolate: \(isolate)}"
    }
    moons.callbacks =
      "[\(neighbours[0]), \(neighbours[1]), {plugin: \"\(faults)\", isolate: \(isolate)\(keys)}, \(neighbours[2])]"
    return try moons.plan.run()
  }

  @Test(arguments: ["segfault", "hang", "garbage"])
  func `one that dies among its neighbours takes nothing of them along`(fault: String) throws {
    let expected = try Learned(run(crash: "", isolate: "false"))
    let keys =
      ", fault: \(fault), hook: on_batch_end, after: 4" + (fault == "hang" ? ", deadline: 5s" : "")
    let restarted = try run(crash: keys + ", on_crash: restart, marker: \"\(moons.folder("runs"))/\(fault)\"")
    #expect(try Learned(restarted) == expected)
    #expect(restarted.incidents.map(\.instance) == ["faults"])
    #expect(restarted.incidents.map(\.call) == ["on_batch_end"])
    let quiet = try Learned(run(crash: ", quiet: true", isolate: "false"))
    let dropped = try run(crash: keys + ", on_crash: drop, quiet: true")
    #expect(try Learned(dropped) == quiet)
    #expect(dropped.incidents.map(\.instance) == ["faults"])
  }

  // MARK: Messages

  /// The requests that a hook of three neighbours takes, the second of which does something.
  private func requests(of does: String) throws -> Int {
    let component = try #require(try PluginLibrary.open(library).components.first)
    let settings = IsolationSettings()
    let group = try HelperGroup(name: "g", isShared: true, settings: settings, writable: [])
    let callbacks = try ["nothing", does, "nothing"].enumerated().map { index, does in
      let services = RecordingServices()
      services.parameters = [("learning_rate", 0.1)]
      return try RemoteCallback(
        group, component: component, name: "n\(index)",
        options: [
          "does": .text(does), "reads": .text(""), "gives": .text("m\(index)"), "period": .int(1),
        ], settings: settings, services: services)
    }
    var values = [Double](repeating: 0, count: 8)
    var present: [UInt64] = [0]
    return try values.withUnsafeMutableBufferPointer { values in
      try present.withUnsafeMutableBufferPointer { present in
        var event = ty_event()
        event.struct_size = UInt32(MemoryLayout<ty_event>.size)
        event.metric_count = 8
        event.values = UnsafePointer(values.baseAddress)
        event.present = UnsafePointer(present.baseAddress)
        for callback in callbacks {
          try callback.reset()
          try callback.call(Int(TY_HOOK_TRAIN_BEGIN), &event)
        }
        event.hook = UInt32(TY_HOOK_BATCH_END)
        let before = group.requestCount
        for (index, callback) in callbacks.enumerated() {
          try callback.call(Int(TY_HOOK_BATCH_END), &event, before: Array(callbacks[(index + 1)...]))
        }
        return group.requestCount - before
      }
    }
  }

  @Test func `neighbours are told in one message, up to one that the host has to do something for`() throws {
    #expect(try requests(of: "nothing") == 1)
    #expect(try requests(of: "stop") == 1)
    #expect(try requests(of: "note") == 1)
    #expect(try requests(of: "set parameter") == 2)
    #expect(try requests(of: "append") == 2)
  }
}
