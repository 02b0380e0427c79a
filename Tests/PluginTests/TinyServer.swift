import Glibc
import Support

/// An HTTP server on a port of 127.0.0.1, on a thread of its own: keeps what it is sent, and answers as it is told.
final class TinyServer: @unchecked Sendable {
  enum Behaviour: Sendable {
    /// With this status.
    case answers(Int)
    /// Only once it is released.
    case waits
    /// Closes the connection without an answer.
    case closes
  }

  struct Request {
    var line = ""
    /// By lower-case name.
    var headers: [String: String] = [:]
    var body = ""
  }

  let port: UInt16
  private let behaviour: Behaviour
  private let listener: Int32
  private var thread = pthread_t()
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var requestsValue: [Request] = []
  private var isReleased = false
  private var isStopped = false

  init(_ behaviour: Behaviour) throws {
    self.behaviour = behaviour
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
    let (listener, port) = try Self.listen()
    self.listener = listener
    self.port = port
    pthread_create(
      &thread, nil,
      { pointer in
        pointer.map { Unmanaged<TinyServer>.fromOpaque($0).takeUnretainedValue().serve() }
        return nil
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  var root: String { "http://127.0.0.1:\(port)" }
  var requests: [Request] { locked { requestsValue } }
  /// Lets the requests that wait, and all later ones, be answered.
  func release() { locked { isReleased = true } }

  /// Waits until so many requests have arrived.
  func waitForRequests(_ count: Int) {
    pthread_mutex_lock(mutex)
    while requestsValue.count < count { pthread_cond_wait(changed, mutex) }
    pthread_mutex_unlock(mutex)
  }

  /// Ends the thread. Must be called before the object goes.
  func stop() {
    locked {
      isStopped = true
      isReleased = true
    }
    shutdown(listener, Int32(SHUT_RDWR))
    pthread_join(thread, nil)
    close(listener)
  }

  /// A port of 127.0.0.1 where nobody listens.
  static func freePort() throws -> UInt16 {
    let (listener, port) = try listen()
    close(listener)
    return port
  }

  private static func listen() throws -> (Int32, UInt16) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, size) == 0 && Glibc.listen(listener, 8) == 0
          && getsockname(listener, $0, &size) == 0
      }
    }
    guard isBound else { throw TestError("no port to listen on: error \(errno)") }
    return (listener, UInt16(bigEndian: address.sin_port))
  }

  private func locked<Result>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer {
      pthread_cond_broadcast(changed)
      pthread_mutex_unlock(mutex)
    }
    return body()
  }

  // MARK: The thread

  private func serve() {
    while true {
      let connection = accept(listener, nil, nil)
      _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
      if connection < 0 || locked({ isStopped }) {
        if connection >= 0 { close(connection) }
        return
      }
      // One request for each connection.
      if let request = read(connection) {
        locked { requestsValue.append(request) }
        answer(connection)
      }
      close(connection)
    }
  }

  private func read(_ connection: Int32) -> Request? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let text = String(decoding: bytes, as: UTF8.self)
      if let request = Self.request(text) { return request }
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { return nil }
      bytes += buffer[..<count]
    }
  }

  /// `nil` where something is missing yet.
  private static func request(_ text: String) -> Request? {
    guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
    var request = Request()
    let lines = text[..<end.lowerBound].split(separator: "\r\n")
    request.line = lines.first.map(String.init) ?? ""
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      request.headers[line[..<colon].lowercased()] = String(value)
    }
    request.body = String(text[end.upperBound...])
    guard request.body.utf8.count >= Int(request.headers["content-length"] ?? "0") ?? 0 else { return nil }
    return request
  }

  private func answer(_ connection: Int32) {
    var status = 200
    switch behaviour {
    case .closes: return
    case .answers(let given): status = given
    case .waits:
      pthread_mutex_lock(mutex)
      while !isReleased { pthread_cond_wait(changed, mutex) }
      pthread_mutex_unlock(mutex)
    }
    let text = "HTTP/1.1 \(status) Words\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    _ = text.withCString { send(connection, $0, strlen($0), Int32(bitPattern: UInt32(MSG_NOSIGNAL))) }
  }
}
