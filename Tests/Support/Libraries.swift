import Glibc

/// The built-in plugin `lib<id>.so`, which the build puts beside the test runner.
public func builtLibrary(_ id: String) throws -> String {
  let path = try builtFolder() + "/lib\(id).so"
  guard access(path, R_OK) == 0 else { throw TestError("\(path) is not built") }
  return path
}

/// Where the build puts products: the folder of the running program.
public func builtFolder() throws -> String {
  guard let program = realpath("/proc/self/exe", nil) else { throw TestError("no /proc/self/exe") }
  defer { free(program) }
  let path = String(cString: program)
  return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
}

/// The top folder of this package, found from the place of this file.
public func packageFolder(_ file: StaticString = #filePath) -> String {
  "\(file)".split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
}

/// The folder of `trainyard.h`.
public var headerFolder: String { packageFolder() + "/Sources/CTrainyard/include" }

/// Builds C sources as an author would, and gives the library's path.
/// - Parameters:
///   - name: Of the library, without `.so`.
///   - flags: Further flags, such as `-DNAME`.
public func compileLibrary(
  _ sources: [String], as name: String, in folder: TemporaryFolder, flags: [String] = []
) throws -> String {
  let path = folder("lib\(name).so")
  let warnings = ["-std=c11", "-Wall", "-Wextra", "-pedantic", "-Werror"]
  try Shell.check(
    ["cc", "-O1", "-shared", "-fPIC", "-fvisibility=hidden"] + warnings + ["-I", headerFolder] + flags
      + sources
      + ["-o", path])
  return path
}

/// The folder of `components.h`, which has one working component of each kind.
public var componentsFolder: String { packageFolder() + "/Tests/PluginHostTests/Fixtures" }

/// A library of the four components of `components.h`, whose entry runs `statements` first.
/// - Parameters:
///   - statements: C that ends in a semicolon.
///   - functions: C that stands before the entry.
///   - name: Of the file, without `lib` and `.so`.
///   - folder: Where it goes.
///   - linking: More flags of the compiler's.
public func compileComponents(
  _ statements: String = "", _ functions: String = "", as name: String, in folder: TemporaryFolder,
  linking: [String] = []
) throws -> String {
  let source = try folder.write(
    "\(name).c", "#include \"components.h\"\n\(functions)\nENTRY(\(statements))\n")
  return try compileLibrary([source], as: name, in: folder, flags: ["-I", componentsFolder] + linking)
}
