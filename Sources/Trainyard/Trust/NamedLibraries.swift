import PluginHost

extension PlannedInstance {
  /// Libraries that the plugin's options name, as `call` has one: it opens them itself.
  ///
  /// A relative path counts from each folder that another option names.
  var namedLibraries: [String] {
    let texts = options.values.flatMap(\.texts).filter { $0.contains("/") }
    let folders = texts.filter { $0.hasPrefix("/") && PathName.isFolder($0) }
    let paths = texts.flatMap { text in
      text.hasPrefix("/") ? [text] : folders.map { PathName.join($0, text) }
    }
    return paths.filter { !PathName.isFolder($0) && PathName.exists($0) && LibraryTrust.isLibrary($0) }
      .sorted()
  }
}

extension PluginHost.OptionValue {
  fileprivate var texts: [String] {
    switch self {
    case .text(let text): [text]
    case .list(let values): values.flatMap(\.texts)
    default: []
    }
  }
}
