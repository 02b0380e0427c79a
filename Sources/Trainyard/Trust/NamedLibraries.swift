import PluginHost

extension PlannedInstance {
  /// Libraries that the plugin's options name, as `call` has one: it opens them itself.
  var namedLibraries: [String] { Set(NamedLibraries.paths(in: options).values).sorted() }
}
