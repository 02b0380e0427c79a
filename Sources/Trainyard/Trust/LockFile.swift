import Glibc
import PluginHost

/// `trainyard.lock`, beside a pipeline: what its libraries are, by their sha256. While it is there nothing else is
/// opened.
///
/// ```json
/// {"format": "trainyard-lock", "version": 1,
///  "libraries": [{"file": "libmine.so", "sha256": "…", "needs": [{"name": "libx.so", "path": "libx.so", "sha256": "…"}]}]}
/// ```
public enum LockFile {
  public static let name = "trainyard.lock"
  private static let version: Int64 = 1

  /// The pins of the lock file in a folder; `nil` where there is none. Throws `LockFileError` for one that cannot be read:
  /// a damaged lock is not no lock.
  public static func pins(beside folder: String) throws -> LibraryPins? {
    let path = PathName.join(folder, name)
    guard PathName.exists(path) else { return nil }
    return try read(path)
  }

  /// The pins that hold for a run that was made: those of the lock file where the user is, which no run's folder can
  /// take away, else beside the run's pipeline where the run still knows it, else of the nearest above its folder.
  /// - Parameter isRequired: Throws where there is none.
  static func pins(
    at baseFolder: String, ofRun run: String, isRequired: Bool
  ) throws -> LibraryPins? {
    let places = [baseFolder, RunOrigin.baseFolder(ofRun: run)].compactMap(\.self) + folders(above: run)
    for place in places {
      if let found = try pins(beside: place) { return found }
    }
    if isRequired { throw missing(in: baseFolder) }
    return nil
  }

  /// From the nearest to the root.
  private static func folders(above path: String) -> [String] {
    guard let resolved = realpath(path, nil) else { return [] }
    defer { free(resolved) }
    var folders: [String] = []
    var folder = String(cString: resolved)
    while folder != "/", folder != "." {
      folder = PathName.folder(of: folder)
      folders.append(folder)
    }
    return folders
  }

  /// What `--locked` says where there is no lock file.
  public static func missing(in folder: String) -> ConfigProblems {
    ConfigProblems([
      ConfigProblem(
        .missingKey, "there is no lock file '\(folder)/\(name)'", in: "--locked",
        help: "make it with `trainyard lock`, once the libraries are what you mean to run")
    ])
  }

  static func read(_ path: String) throws -> LibraryPins {
    let json: JSONValue
    do {
      json = try JSONValue(
        parsing: String(decoding: try InputFile.read(path, limit: 16 << 20), as: UTF8.self), from: path)
    } catch let problems as ConfigProblems {
      throw LockFileError(path, problems.problems.first?.message ?? "it is not JSON")
    }
    guard json["format"]?.string == "trainyard-lock" else {
      throw LockFileError(path, "it does not say that it is a lock of trainyard's")
    }
    guard let found = json["version"]?.int, found == version else {
      throw LockFileError(
        path,
        "its version is \(json["version"]?.int.map { "\($0)" } ?? "not there"), and this program reads \(version)"
      )
    }
    guard let libraries = json["libraries"]?.array else { throw LockFileError(path, "it lists no libraries") }
    return LibraryPins(try libraries.map { try pin($0, path) }, source: path)
  }

  private static func pin(_ json: JSONValue, _ path: String) throws -> LibraryPins.Pin {
    guard let file = json["file"]?.string, !file.contains("/"), let sha256 = json["sha256"]?.string,
      isHash(sha256)
    else {
      throw LockFileError(path, "a library in it has no name or no sha256 of 64 digits")
    }
    let needs = try (json["needs"]?.array ?? []).map { need in
      guard let name = need["name"]?.string, let place = need["path"]?.string,
        let sha256 = need["sha256"]?.string,
        isHash(sha256)
      else { throw LockFileError(path, "what '\(file)' needs has no name, no path or no sha256") }
      return LibraryPins.Need(name: name, path: place, sha256: sha256)
    }
    return LibraryPins.Pin(file: file, sha256: sha256, needs: needs)
  }

  private static func isHash(_ text: String) -> Bool {
    text.utf8.count == 64
      && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  /// Pins every library that a pipeline opens, as it is now, and writes the lock beside the pipeline. The lock that is
  /// there does not count.
  /// - Returns: The pins, in the order of file names, and where they were written.
  public static func write(for pipeline: Pipeline) throws -> LibraryPins {
    var pipeline = pipeline
    pipeline.search.pins = nil
    let plan = try pipeline.plan()
    var pins: [LibraryPins.Pin] = []
    for path in plan.libraryPaths {
      let pin = try PinMaker.pin(path)
      if !pins.contains(pin) { pins.append(pin) }
    }
    pins.sort { ($0.file, $0.sha256) < ($1.file, $1.sha256) }
    let path = PathName.join(pipeline.config.baseFolder, name)
    try AtomicFile.write(JSONWriter.pretty(json(pins)), to: path)
    return LibraryPins(pins, source: path)
  }

  private static func json(_ pins: [LibraryPins.Pin]) -> JSONValue {
    .object([
      JSONValue.Member("format", .string("trainyard-lock")),
      JSONValue.Member("version", .int(version)),
      JSONValue.Member(
        "libraries",
        .array(
          pins.map { pin in
            var members = [
              JSONValue.Member("file", .string(pin.file)), JSONValue.Member("sha256", .string(pin.sha256)),
            ]
            if !pin.needs.isEmpty {
              members.append(JSONValue.Member("needs", .array(pin.needs.map { json($0) })))
            }
            return .object(members)
          })),
    ])
  }

  private static func json(_ need: LibraryPins.Need) -> JSONValue {
    .object([
      JSONValue.Member("name", .string(need.name)), JSONValue.Member("path", .string(need.path)),
      JSONValue.Member("sha256", .string(need.sha256)),
    ])
  }
}

/// A lock file that cannot be used.
public struct LockFileError: Error, CustomStringConvertible {
  public var path: String
  public var detail: String

  init(_ path: String, _ detail: String) {
    self.path = path
    self.detail = detail
  }

  public var description: String { "cannot use the lock file '\(path)': \(detail)" }
  public var help: String { "make it again with `trainyard lock`, or remove it to open any library" }
}

extension Plan {
  /// The files that hold code of this plan.
  var libraryPaths: [String] {
    var instances = [data.training, model] + monitors + callbacks
    if case .dataset(let planned) = data.validation { instances.append(planned) }
    var paths = instances.flatMap { [$0.component.libraryPath] + $0.namedLibraries }
    for case .function(let function) in measures {
      let library = function.config.signature.library
      // A name without '/' is the system's.
      if library.contains("/") { paths.append(library) }
    }
    return paths
  }
}
