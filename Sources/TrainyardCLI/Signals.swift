import Glibc
import Trainyard

/// Ctrl-C, SIGTERM and SIGHUP: the first asks the run to leave at the next batch, the second ends the program at once.
/// One that was ignored when the program began stays ignored: `nohup` means that, and so does a shell's `&`.
enum Signals {
  /// Blocks the signals in this thread, and so in all that it starts, and waits for them on one of its own.
  ///
  /// Must come before any library is opened: one that starts threads as it is loaded, as a BLAS does, would have
  /// threads that do not block them, and the first signal would end the program there.
  static func watch(_ interruption: Interruption) {
    var set = watched(butFor: ignored)
    pthread_sigmask(SIG_BLOCK, &set, nil)
    // The run's folder will tell which plugin a crash was in.
    CrashNote.install()
    // A closed pipe is an error of a write, not the end of a run.
    signal(SIGPIPE, SIG_IGN)
    var thread = pthread_t()
    let context = Unmanaged.passRetained(interruption).toOpaque()
    let code = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        let interruption = Unmanaged<Interruption>.fromOpaque(argument).takeRetainedValue()
        var set = Signals.watched(butFor: Signals.ignored)
        var number: Int32 = 0
        while sigwait(&set, &number) == 0 {
          if interruption.isRequested { _exit(128 + number) }
          interruption.request()
        }
        return nil
      }, context)
    if code == 0 { pthread_detach(thread) } else { pthread_sigmask(SIG_UNBLOCK, &set, nil) }
  }

  private static func watched(butFor ignored: UInt64) -> sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for number in [SIGINT, SIGTERM, SIGHUP] where ignored & 1 << UInt64(number - 1) == 0 {
      sigaddset(&set, number)
    }
    return set
  }

  /// Signals that this process ignores, a bit each.
  private static let ignored: UInt64 = {
    guard let file = fopen("/proc/self/status", "re") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      guard text.hasPrefix("SigIgn:") else { continue }
      return UInt64(text.dropFirst(7).filter { !$0.isWhitespace }, radix: 16) ?? 0
    }
    return 0
  }()
}
