/// `resume/origin.json`: what belongs to a run's `config.json` and is no key of a pipeline.
struct RunOrigin {
  /// What relative paths of the config are relative to, and whose `plugins` folder is searched.
  var baseFolder: String
  /// When the run was begun, in nanoseconds since 1970; 0: it does not say.
  var started: Int64 = 0

  /// As the run's folder says; `nil`: it does not.
  static func baseFolder(ofRun folder: String) -> String? {
    let path = PathName.join(folder, RunCheckpoints.folderName)
    guard PathName.exists(PathName.join(path, name)) else { return nil }
    return RunOrigin(reading: path).baseFolder
  }

  private static let name = "origin.json"

  init(baseFolder: String, started: Int64) {
    self.baseFolder = PathName.absolute(baseFolder)
    self.started = started
  }

  func write(to folder: String) throws {
    let value: JSONValue = ["base_folder": .string(baseFolder), "started": .int(started)]
    try AtomicFile.write(JSONWriter.pretty(value), to: PathName.join(folder, Self.name))
  }

  /// - Parameter folder: The run's `resume` folder.
  init(reading folder: String) {
    let text = (try? InputFile.read(PathName.join(folder, Self.name), limit: 1 << 16))
      .flatMap { String(validating: $0, as: UTF8.self) }
    let value = text.flatMap { try? JSONValue(parsing: $0, from: Self.name) }
    baseFolder = value?["base_folder"]?.string ?? "."
    if case .int(let started)? = value?["started"] { self.started = started }
  }
}
