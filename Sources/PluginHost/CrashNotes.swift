import CCrash
import Glibc

/// Notes about crashes: which plugin was being called, in which function, when the process was ended by a signal such
/// as SIGSEGV. Written by a signal handler from what instances keep anyway, so that no call costs more for it.
public enum CrashNotes {
  /// For programs: a library does not take signals away from the program that it is part of.
  public static func install() { ty_crash_install(CallRecord.idle, PluginCall.read.rawValue) }

  /// Where a crash of the calling thread is told from now on.
  /// - Parameter path: Absolute, or the working folder must stay. `nil`: nowhere.
  public static func write(to path: String?) {
    if let path { ty_crash_note_to(path) } else { ty_crash_note_to(nil) }
  }

  public struct Note: Equatable, Sendable {
    public var signal: Int32
    /// "callback 'timer'"; `nil`: no plugin was being called.
    public var party: String?
    /// "on_batch_end".
    public var call: String?
    /// A file that was mapped and whose page is gone, as when it was made shorter.
    public var goneFile: String?
    /// In bytes.
    public var gonePlace: Int?
  }

  /// What stands in a note; `nil` where it is none.
  public static func read(_ text: String) -> Note? {
    let lines = text.split(separator: "\n")
    guard let first = lines.first, first.hasPrefix("signal "), let signal = Int32(first.dropFirst(7)) else {
      return nil
    }
    var note = Note(signal: signal)
    for line in lines.dropFirst() {
      let parts = line.split(separator: " ", maxSplits: 3)
      guard parts.count == 4, parts[2] == "of" else { continue }
      if parts[0] == "call", let call = UInt8(parts[1]).flatMap(PluginCall.init(rawValue:)) {
        note.call = call.name
        note.party = String(parts[3])
      } else if parts[0] == "gone", let place = Int(parts[1]) {
        note.goneFile = String(parts[3])
        note.gonePlace = place
      }
    }
    return note
  }
}
