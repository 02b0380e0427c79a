import Glibc
import PluginKit
import Synchronization

/// What an engine says while it works. Engines know one callback without a context; what is said is kept for the thread
/// that was calling, which is the one that asks for it.
public enum EngineLog {
  private static let said = Mutex<[UInt: String]>([:])

  /// Give this to the engine. Lines may come in pieces.
  public static let callback: @convention(c) (UnsafePointer<CChar>?) -> Void = { text in
    guard let text else { return }
    let piece = String(cString: text)
    let thread = UInt(pthread_self())
    said.withLock { texts in
      // Nobody has asked for a long time: what is kept does not grow without end.
      if texts[thread, default: ""].utf8.count < 1 << 16 { texts[thread, default: ""] += piece }
    }
  }

  /// What was said on this thread since it was last asked, a message each.
  public static func take() -> [String] {
    let text = said.withLock { $0.removeValue(forKey: UInt(pthread_self())) }
    return (text ?? "").split(separator: "\n").map { trimmed($0) }.filter { !$0.isEmpty }
  }

  /// Those of them that warn, without what an engine puts before them.
  public static func takeWarnings() -> [String] {
    take().compactMap { line in
      if line.hasPrefix("[LightGBM] [") {
        return line.hasPrefix("[LightGBM] [Warning] ") ? String(line.dropFirst(21)) : nil
      }
      // XGBoost's: "[12:00:00] WARNING: /path/file.cc:12: " and words, which may go on in further lines.
      guard line.hasPrefix("[") else { return line }
      guard let mark = line.firstRange(of: "WARNING: ") else { return nil }
      let words = line[mark.upperBound...]
      guard let place = words.firstRange(of: ".cc:"), let end = words[place.upperBound...].firstIndex(of: ":")
      else { return String(words) }
      return trimmed(words[words.index(after: end)...])
    }.filter { !$0.isEmpty }
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text
    while text.last?.isWhitespace == true { text.removeLast() }
    while text.first?.isWhitespace == true { text.removeFirst() }
    return String(text)
  }
}
