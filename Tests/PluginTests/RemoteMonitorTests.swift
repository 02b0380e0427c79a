import CTrainyard
import Glibc
import PluginHost
import Support
import Testing

/// Posts to a server that answers, is slow, closes, refuses, or is not there. Serialized: they set a variable.
@Suite(.serialized) struct RemoteMonitorTests {
  init() { setenv("no_proxy", "127.0.0.1", 1) }

  private func probe(_ root: String, _ options: [String: OptionValue] = [:]) throws -> CallbackProbe {
    try CallbackProbe("remote-monitor", options.merging(["root": .text(root)]) { given, _ in given })
  }

  /// A run of so many epochs, and the lines that it says to the user.
  private func run(_ probe: CallbackProbe, epochs: Int) throws -> [String] {
    var lines = try probe.begin()
    for epoch in 0..<epochs { lines += try probe.endEpoch(epoch, ["loss": Double(epoch)]) }
    return lines + (try probe.end())
  }

  @Test func `a form with JSON in it, as Keras sends it`() throws {
    let server = try TinyServer(.answers(200))
    defer { server.stop() }
    #expect(try run(try probe(server.root), epochs: 2) == [])
    #expect(server.requests.map(\.line) == Array(repeating: "POST /publish/epoch/end/ HTTP/1.1", count: 2))
    #expect(
      server.requests.map(\.body) == [
        "data=%7B%22epoch%22%3A%200%2C%20%22loss%22%3A%200.0%7D",
        "data=%7B%22epoch%22%3A%201%2C%20%22loss%22%3A%201.0%7D",
      ])
    #expect(server.requests.first?.headers["content-type"] == "application/x-www-form-urlencoded")
  }

  @Test func `a body of JSON with headers, at another path`() throws {
    let server = try TinyServer(.answers(204))
    defer { server.stop() }
    let probe = try probe(
      server.root,
      [
        "send_as_json": .bool(true), "path": .text("/runs/1"),
        "headers": .list([.text("Authorization: Bearer abc"), .text("X-Run: 7")]),
      ])
    try probe.begin()
    try probe.endEpoch(3, ["val_loss": .nan, "loss": 0.5])
    #expect(try probe.end() == [])
    let request = try #require(server.requests.first)
    #expect(request.line == "POST /runs/1 HTTP/1.1")
    #expect(request.body == #"{"epoch": 3, "loss": 0.5, "val_loss": "NaN"}"#)
    #expect(request.headers["content-type"] == "application/json")
    #expect(request.headers["authorization"] == "Bearer abc")
    #expect(request.headers["x-run"] == "7")
    #expect(request.headers["expect"] == nil)
  }

  @Test func `no server is one warning, and the lost epochs are counted`() throws {
    let root = "http://127.0.0.1:\(try TinyServer.freePort())"
    let lines = try run(try probe(root), epochs: 3)
    #expect(lines.count == 2, "\(lines)")
    #expect(lines.first?.hasPrefix("log warning \"cannot deliver to \(root): ") == true)
    #expect(lines.last == "log warning \"3 of 3 epochs were not delivered to \(root)\"")
  }

  @Test func `a server that closes, and one that refuses`() throws {
    let cases: [(TinyServer.Behaviour, String)] = [
      (.closes, "cannot deliver"), (.answers(503), "the server answered with status 503"),
    ]
    for (behaviour, words) in cases {
      let server = try TinyServer(behaviour)
      defer { server.stop() }
      let lines = try run(try probe(server.root), epochs: 2)
      #expect(lines.count == 2, "\(lines)")
      #expect(lines.first?.contains(words) == true)
      #expect(lines.last?.contains("2 of 2 epochs were not delivered") == true)
    }
  }

  @Test func `training does not wait for a slow server, and what finds no room is dropped`() throws {
    let server = try TinyServer(.waits)
    defer { server.stop() }
    let probe = try probe(server.root, ["queue_size": .int(2), "timeout": .float(3600)])
    try probe.begin()
    try probe.endEpoch(0)
    // One is being sent, two wait, two are dropped. A hook that waited for an answer would wait for ever.
    server.waitForRequests(1)
    for epoch in 1..<5 { #expect(try probe.endEpoch(epoch) == []) }
    server.release()
    #expect(
      try probe.end() == ["log warning \"2 of 5 epochs were not delivered to \(server.root)\""])
    #expect(server.requests.count == 3)
  }

  @Test func `the end of a run does not wait longer than the timeout`() throws {
    let server = try TinyServer(.waits)
    defer { server.stop() }
    let lines = try run(try probe(server.root, ["timeout": .float(0.05)]), epochs: 2)
    #expect(lines.last?.contains("2 of 2 epochs were not delivered") == true)
  }

  @Test func `reset ends the thread of an aborted run`() throws {
    let server = try TinyServer(.waits)
    defer { server.stop() }
    let probe = try probe(server.root, ["timeout": .float(3600)])
    try probe.begin()
    try probe.endEpoch(0)
    try probe.endEpoch(1)
    server.waitForRequests(1)
    // Would hang if it waited for the server.
    try probe.begin()
    server.release()
    try probe.endEpoch(7)
    #expect(try probe.end() == [], "nothing of the first run is counted")
    #expect(server.requests.last?.body.contains("7") == true)
  }

  @Test func `a reused instance warns again`() throws {
    let probe = try probe("http://127.0.0.1:\(try TinyServer.freePort())")
    let first = try run(probe, epochs: 1)
    #expect(first.count == 2)
    #expect(try run(probe, epochs: 1) == first)
  }

  static let refusals: [(options: [String: OptionValue], words: String)] = [
    (["root": .text("ftp://x")], "root is 'ftp://x'"),
    (["root": .text("localhost:9000")], "must begin with http:// or https://"),
    (["headers": .list([.text("A: b"), .text("secret")])], "headers[1] is no header"),
    (["headers": .list([.text("A: b\r\nB: c")])], "headers[0] is no header"),
    (["queue_size": .int(0)], "queue_size"), (["timeout": .float(0)], "timeout"),
  ]

  @Test(arguments: refusals)
  func `options that cannot be are refused`(options: [String: OptionValue], words: String) {
    let text = refusal(of: "remote-monitor", options: options)
    #expect(text.contains(words), "\(text)")
    #expect(!text.contains("secret"))
  }

  @Test func `name and password of an address are not shown`() throws {
    let lines = try run(try probe("http://me:word@127.0.0.1:\(try TinyServer.freePort())"), epochs: 1)
    #expect(lines.count == 2)
    #expect(lines.allSatisfy { !$0.contains("word") })
  }
}
