import PluginKit

/// A callback with an option of every type, state of every shape, and two of twelve hooks.
final class EveryOption: Callback {
  static let about = About(id: "every-option", version: "1.2.3", summary: "Has an option of every type.")

  enum Colour: String, OptionChoice { case red, green, deepBlue = "deep-blue" }

  @Option("A switch.") var isOn = true
  @Option("A number of things.", range: "[1, 10]", unit: "things") var howMany = 3
  @Option("A number.", range: "(0, )") var minDelta = 0.5
  @Option("A text.") var title = "a \"quoted\" text"
  @Option("A choice.") var colour = Colour.deepBlue
  @Option("A path.") var file: FilePath
  @Option("A time.") var limit: Seconds = 90
  @Option("A metric.") var monitor: MetricName = "val_loss"
  @Option("A table.") var table = JSONText("{}")
  @Option("Numbers.") var sizes = [128, 64]
  @Option("Nothing by default.") var baseline: Double?
  @Option("A password.", secret: true) var token = ""
  @Option("All else.") var rest = RestJSON()

  struct Inner: Codable, Equatable {
    var name = "none"
    var values: [Double] = []
  }
  struct Progress: Codable {
    var best: Double?
    var epochs = 0
    var isWarm = false
    var seen: [Inner] = []
    var counts: [Int] = []
    var bits: UInt64 = .max
  }
  var progress = Progress()
  private var metric = Metric.none

  func create(_ host: Host) throws {
    if howMany == 7 { throw PluginError("seven is not possible", help: "take eight") }
    metric = host.want(monitor.name)
  }

  func reset() { progress = Progress() }

  func onTrainBegin(_ event: Event) throws {
    event.host.log(
      .info,
      "\(isOn) \(howMany) \(minDelta) \(title) \(colour.rawValue) \(file.path) \(limit.seconds) \(monitor.name) "
        + "\(table.text) \(sizes) \(baseline.map { "\($0)" } ?? "nil") \(token) \(rest.text)")
  }

  func onEpochEnd(_ event: Event) throws {
    guard let value = event.logs[metric] else { throw PluginError("no value in epoch \(event.epoch)") }
    progress.best = min(progress.best ?? value, value)
    progress.epochs += 1
    progress.isWarm = true
    progress.seen.append(Inner(name: "epoch \(event.epoch)", values: [value, value * 2]))
    progress.counts.append(event.epoch)
    progress.bits &-= 1
    event.host.log(
      .info,
      "best \(progress.best ?? .nan) of \(progress.epochs), \(progress.seen), \(progress.counts), \(progress.bits)"
    )
  }
}

/// A sample monitor in the same library.
final class Constant: Monitor {
  static let about = About(id: "constant", version: "1.0.0", summary: "Publishes a constant.")
  static var isSample: Bool { true }

  @Option("The value.") var value = 4.0
  private var metric = Metric.none

  func create(_ host: Host) { metric = host.declare("constant") }
  func reset() {}
  func passBegin(_ pass: Pass) {}
  func compute(_ host: Host) { host.publish(metric, value) }
  func merge(_ other: Constant) {}
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(EveryOption.self, Constant.self, to: args, license: "Apache-2.0", author: "Trainyard")
}
