import CallbackCore
import PluginKit

/// Posts the metrics of every epoch to a server. Training never waits for it.
final class RemoteMonitor: Callback {
  static let about = About(
    id: "remote-monitor", version: "0.1.0", summary: "Posts the metrics of every epoch to a server by HTTP.")

  @Option("The server, with http:// or https://.")
  var root = "http://localhost:9000"

  @Option("What follows in the address.")
  var path = "/publish/epoch/end/"

  @Option("The form field that has the metrics as JSON. Not with send_as_json.")
  var field = "data"

  @Option("Further headers, such as 'Authorization: Bearer abc'.", secret: true)
  var headers: [String] = []

  @Option("Send the metrics as a body of JSON and not in a form.")
  var sendAsJson = false

  @Option(
    "How long a request may take, and how long the end of a run may wait for what is left.",
    range: "(0, 3600]")
  var timeout: Seconds = 5

  @Option(
    "How many epochs may wait to be sent; more are dropped and counted.", range: "[1, 100000]", unit: "epochs"
  )
  var queueSize = 100

  /// The current run's connection. Nothing of it is saved: a resumed run has another.
  private struct Connection {
    /// Its thread ends with it.
    var poster: Poster?
    var hasWarned = false
  }
  private var connection = Connection()

  func create(_ host: Host) throws {
    guard root.hasPrefix("http://") || root.hasPrefix("https://") else {
      throw PluginError(
        "root is '\(Self.withoutUser(root))', and must begin with http:// or https://",
        help: "write, for example, root: http://localhost:9000")
    }
    for (index, header) in headers.enumerated() {
      let isLine = !header.unicodeScalars.contains { $0.value < 32 && $0 != "\t" || $0.value == 127 }
      // Not shown: it is secret.
      guard let colon = header.firstIndex(of: ":"), colon > header.startIndex, isLine else {
        throw PluginError(
          "headers[\(index)] is no header", help: "headers look like 'Name: value', in one line")
      }
    }
  }

  func reset() { connection = Connection() }

  func onTrainBegin(_ event: Event) throws {
    let type = sendAsJson ? "application/json" : "application/x-www-form-urlencoded"
    let hasType = headers.contains { $0.lowercased().hasPrefix("content-type:") }
    connection.poster = try Poster(
      Poster.Settings(
        url: root + path, headers: headers + (hasType ? [] : ["Content-Type: \(type)"]),
        timeout: timeout.seconds, capacity: queueSize))
  }

  func onEpochEnd(_ event: Event) throws {
    guard let outbox = connection.poster?.outbox else { return }
    let json = JSONObject(event, place: [("epoch", event.epoch)]).text
    outbox.put(sendAsJson ? json : "\(Self.percentEncoded(field))=\(Self.percentEncoded(json))")
    warnOnce(outbox, event)
  }

  func onTrainEnd(_ event: Event) throws {
    guard let outbox = connection.poster?.outbox else { return }
    outbox.close()
    outbox.waitUntilDone(timeout.seconds)
    // Joins the thread; the outbox stays for its counts.
    connection.poster = nil
    warnOnce(outbox, event)
    let counts = outbox.counts
    if counts.delivered < counts.put {
      event.host.log(
        .warning,
        "\(counts.put - counts.delivered) of \(counts.put) epochs were not delivered to \(Self.withoutUser(root))"
      )
    }
  }

  private func warnOnce(_ outbox: Outbox, _ event: Event) {
    guard !connection.hasWarned, let failure = outbox.firstFailure else { return }
    event.host.log(
      .warning,
      "cannot deliver to \(Self.withoutUser(root)): \(failure); training goes on, and what is lost is counted"
    )
    connection.hasWarned = true
  }

  /// As in forms: everything but letters, digits and `-._~` by its bytes.
  static func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".unicodeScalars)
    var encoded = String.UnicodeScalarView()
    for byte in text.utf8 {
      let scalar = Unicode.Scalar(byte)
      if scalar.properties.isAlphabetic && byte < 128 || ("0"..."9").contains(scalar)
        || "-._~".unicodeScalars.contains(scalar)
      {
        encoded.append(scalar)
      } else {
        encoded.append(contentsOf: ["%", digits[Int(byte >> 4)], digits[Int(byte & 15)]])
      }
    }
    return String(encoded)
  }

  /// An address without the name and password that may stand in it.
  static func withoutUser(_ address: String) -> String {
    guard let scheme = address.firstRange(of: "://") else { return address }
    let rest = address[scheme.upperBound...]
    let host = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard let at = host.lastIndex(of: "@") else { return address }
    return String(address[..<scheme.upperBound] + rest[rest.index(after: at)...])
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(RemoteMonitor.self, to: args, license: "Apache-2.0")
}
