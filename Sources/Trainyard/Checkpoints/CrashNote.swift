import Glibc
import PluginHost

/// What a process that crashed has left behind in the run's `resume` folder, for the next one to tell.
public enum CrashNote {
  /// Has crashes of this process noted, in every run's folder that is being written. For programs: it takes the signals
  /// of crashes, and hands them on to whoever had them.
  public static func install() { CrashNotes.install() }

  static let fileName = "crash.txt"

  /// The note in words; `nil` where there is none.
  static func words(_ path: String) -> String? {
    guard let bytes = try? InputFile.read(path, limit: 1 << 16),
      let text = String(validating: bytes, as: UTF8.self),
      let note = CrashNotes.read(text)
    else { return nil }
    let signal = strsignal(note.signal).map { String(cString: $0) } ?? "signal \(note.signal)"
    let who =
      note.party.map { "in \($0.shownInMessages), \(note.call ?? "")" } ?? "while no plugin was being called"
    let gone = note.goneFile.map {
      ": byte \(note.gonePlace ?? 0) of '\($0.shownInMessages)' was gone, as when a file is made shorter while it is read"
    }
    return "the process before crashed \(who): \(signal)" + (gone ?? "")
  }
}
