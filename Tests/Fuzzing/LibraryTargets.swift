import PluginHost

/// What is looked at of a library before any of its code runs.
let libraryTargets = [
  FuzzTarget("elf", "A shared library.") { bytes in
    _ = attempt { try LibraryTrust.check(library.holding(bytes)) }
  }
]

private let library = ScratchFile("liba.so")
