import Glibc

/// Libraries that the options of an instance name, as those of `call` do: the instance opens them itself.
package enum NamedLibraries {
  /// The library that each text of the options leads to. A relative path counts from each folder that another option
  /// names.
  package static func paths(in options: [String: OptionValue]) -> [String: String] {
    let texts = options.values.flatMap(\.texts).filter { $0.contains("/") }
    let folders = texts.filter { $0.hasPrefix("/") && isFolder($0) }.sorted()
    var paths: [String: String] = [:]
    for text in texts {
      let places =
        if text.hasPrefix("/") {
          [text]
        } else if text.hasPrefix("~/") {
          PluginSearch.environmentVariable("HOME").map { [$0 + text.dropFirst()] } ?? []
        } else {
          folders.map { "\($0)/\(text)" }
        }
      paths[text] = places.first { !isFolder($0) && LibraryTrust.isLibrary($0) }
    }
    return paths
  }

  /// The options as the instance is shown them where there is a lock: a text that leads to a library leads to the sealed
  /// copy of what was compared, and a swap of the file after that does not help.
  static func sealed(
    _ options: [String: OptionValue], _ pins: LibraryPins?
  ) throws(LoadError) -> [String: OptionValue] {
    guard let pins else { return options }
    var copies: [String: String] = [:]
    for (text, path) in paths(in: options) { copies[text] = try PinnedLibrary.verify(path, pins).path }
    return copies.isEmpty ? options : options.mapValues { $0.replacing(copies) }
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}

extension OptionValue {
  fileprivate var texts: [String] {
    switch self {
    case .text(let text): [text]
    case .list(let values): values.flatMap(\.texts)
    default: []
    }
  }

  fileprivate func replacing(_ texts: [String: String]) -> OptionValue {
    switch self {
    case .text(let text): .text(texts[text] ?? text)
    case .list(let values): .list(values.map { $0.replacing(texts) })
    default: self
    }
  }
}
