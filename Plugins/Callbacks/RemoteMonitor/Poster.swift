import CCURL
import Glibc
import PluginKit

/// Posts bodies to one address, one after the other, on a thread of its own.
///
/// The thread ends with the object: what it has not sent by then is dropped.
final class Poster {
  struct Settings: Sendable {
    var url: String
    /// Lines such as `Authorization: Bearer …`.
    var headers: [String]
    /// Of one request, from its beginning to the end of the answer.
    var timeout: Double
    var capacity: Int
  }

  let outbox: Outbox
  private var thread = pthread_t()

  /// What the thread is given.
  private final class Work {
    let settings: Settings
    let outbox: Outbox

    init(_ settings: Settings, _ outbox: Outbox) {
      self.settings = settings
      self.outbox = outbox
    }
  }

  private static let library = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

  init(_ settings: Settings) throws {
    guard Self.library == CURLE_OK else {
      throw PluginError("libcurl cannot be used: \(words(Self.library))")
    }
    outbox = Outbox(capacity: settings.capacity)
    let work = Unmanaged.passRetained(Work(settings, outbox))
    let code = pthread_create(
      &thread, nil,
      { pointer in
        guard let pointer else { return nil }
        Poster.run(Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue())
        return nil
      }, work.toOpaque())
    guard code == 0 else {
      work.release()
      throw PluginError("no thread for sending: \(String(cString: strerror(code)))")
    }
  }

  deinit {
    outbox.cancel()
    pthread_join(thread, nil)
  }

  // MARK: The thread

  private static func run(_ work: Work) {
    // Ctrl-C is for the threads of the host.
    var signals = sigset_t()
    sigfillset(&signals)
    pthread_sigmask(SIG_BLOCK, &signals, nil)

    var headers: UnsafeMutablePointer<curl_slist>?
    // libcurl would ask before it sends a longer body, and wait for an answer that few servers give.
    for line in work.settings.headers + ["Expect:"] { headers = curl_slist_append(headers, line) ?? headers }
    let handle = curl_easy_init()
    defer {
      curl_easy_cleanup(handle)
      curl_slist_free_all(headers)
      work.outbox.finish()
    }
    if let handle { prepare(handle, work, headers) }
    while let body = work.outbox.next() {
      work.outbox.report(failure: handle.map { post(body, $0) } ?? "libcurl gives no handle")
    }
  }

  private static func prepare(
    _ handle: UnsafeMutableRawPointer, _ work: Work, _ headers: UnsafeMutablePointer<curl_slist>?
  ) {
    ccurl_allow_http_only(handle)
    ccurl_exit_quickly(handle)
    ccurl_set_text(handle, CURLOPT_URL, work.settings.url)
    ccurl_set_list(handle, CURLOPT_HTTPHEADER, headers)
    ccurl_set_number(handle, CURLOPT_TIMEOUT_MS, max(1, Int(work.settings.timeout * 1000)))
    ccurl_set_number(handle, CURLOPT_NOSIGNAL, 1)
    // What the server answers is of no interest.
    ccurl_set_write_function(handle) { _, size, count, _ in size * count }
    ccurl_set_progress_function(
      handle,
      { pointer, _, _, _, _ in
        guard let pointer else { return 0 }
        return Unmanaged<Outbox>.fromOpaque(pointer).takeUnretainedValue().isCancelled ? 1 : 0
      }, Unmanaged.passUnretained(work.outbox).toOpaque())
  }

  /// Why it failed; `nil`: it did not.
  private static func post(_ body: String, _ handle: UnsafeMutableRawPointer) -> String? {
    ccurl_set_number(handle, CURLOPT_POSTFIELDSIZE, body.utf8.count)
    let code = body.withCString { bytes in
      ccurl_set_text(handle, CURLOPT_POSTFIELDS, bytes)
      return curl_easy_perform(handle)
    }
    guard code == CURLE_OK else { return words(code) }
    let answer = ccurl_response_code(handle)
    return answer >= 400 ? "the server answered with status \(answer)" : nil
  }
}

private func words(_ code: CURLcode) -> String {
  curl_easy_strerror(code).map { String(cString: $0) } ?? "error \(code.rawValue)"
}
