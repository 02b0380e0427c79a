/// What a progress line says, laid out for a terminal.
public struct ProgressLine {
  /// From 1.
  public var epoch: Int
  public var epochs: Int
  /// Batches done in this epoch.
  public var batch: Int
  public var batches: Int
  /// `nil` where it is not known yet.
  public var loss: Double?
  public var examplesPerSecond: Double?
  public var secondsLeft: Double?
  /// Stands instead of the numbers, as in "validating".
  public var activity: String?

  public init(epoch: Int, epochs: Int, batch: Int, batches: Int) {
    self.epoch = epoch
    self.epochs = epochs
    self.batch = batch
    self.batches = batches
  }

  /// One line of less than `columns` columns; a bar where there is room for one.
  public func text(columns: Int) -> String {
    let room = max(0, columns - 1)
    let head = "epoch \(epoch)/\(epochs)"
    var tail = ["\(batch)/\(batches)"]
    if let activity { tail.append(activity) }
    if let loss { tail.append("loss \(loss.short())") }
    if let examplesPerSecond { tail.append("\(Self.rate(examplesPerSecond)) examples/s") }
    if let secondsLeft { tail.append("\(Self.duration(secondsLeft)) left") }
    while tail.count > 1, Self.width(head, tail) > room { tail.removeLast() }
    let barRoom = min(30, room - Self.width(head, tail) - 4)
    let middle = batches > 0 && barRoom >= 6 ? [head, bar(barRoom)] : [head]
    return String((middle + tail).joined(separator: "  ").prefix(room))
  }

  private static func width(_ head: String, _ tail: [String]) -> Int {
    tail.reduce(head.count) { $0 + 2 + $1.count }
  }

  /// `[=====>....]`, `cells` wide inside its brackets.
  private func bar(_ cells: Int) -> String {
    let share = min(1, max(0, Double(batch) / Double(batches)))
    let done = Int(share * Double(cells))
    let head = done < cells ? ">" : ""
    return "[" + String(repeating: "=", count: done) + head
      + String(repeating: ".", count: cells - done - head.count) + "]"
  }

  /// `950`, `48k`, `1.2M`.
  static func rate(_ perSecond: Double) -> String {
    switch perSecond {
    case ..<10: perSecond.short(2)
    case ..<10_000: perSecond.short(max(2, String(Int(perSecond)).count))
    case ..<999_500: (perSecond / 1000).short(3) + "k"
    default: (perSecond / 1_000_000).short(3) + "M"
    }
  }

  /// `1.2 s`, `48 s`, `3 min 20 s`, `1 h 05 min`.
  public static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "?" }
    if seconds < 9.95 { return FormatSpec.tenths.format(max(0, seconds)) + " s" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(FormatSpec.two.format(whole % 60)) s" }
    return "\(whole / 3600) h \(FormatSpec.two.format(whole / 60 % 60)) min"
  }

  /// The line that stays when an epoch is over: `epoch 3/10  loss 0.412  val_loss 0.431  1.2 s`.
  /// - Parameter columns: A longer line has fewer digits or no time, or goes on below, broken between metrics; 0: any
  ///   length.
  public static func epoch(
    _ epoch: Int, of epochs: Int, metrics: [(name: String, value: Double)], seconds: Double?, columns: Int = 0
  ) -> String {
    let metrics = inReadingOrder(metrics)
    let head = "epoch \(epoch)/\(epochs)"
    let time = seconds.map { [duration($0)] } ?? []
    func parts(_ digits: Int) -> [String] { metrics.map { "\($0.name) \($0.value.short(digits))" } }
    for parts in [parts(4) + time, parts(3) + time, parts(4)] {
      let line = ([head] + parts).joined(separator: "  ")
      if columns == 0 || line.count <= columns { return line }
    }
    var lines = [head]
    for part in parts(4) + time {
      if lines[lines.count - 1].count + 2 + part.count > columns {
        lines.append(String(repeating: " ", count: head.count))
      }
      lines[lines.count - 1] += "  " + part
    }
    return lines.joined(separator: "\n")
  }

  /// The loss first, and behind each metric what validation says of it.
  static func inReadingOrder(
    _ metrics: [(name: String, value: Double)]
  ) -> [(name: String, value: Double)] {
    let names = Set(metrics.map(\.name))
    func isTwin(_ name: String) -> Bool {
      name.hasPrefix("val_") && names.contains(String(name.dropFirst(4)))
    }
    let first =
      metrics.filter { $0.name == "loss" } + metrics.filter { $0.name != "loss" && !isTwin($0.name) }
    return first.flatMap { metric in [metric] + metrics.filter { $0.name == "val_" + metric.name } }
  }
}
