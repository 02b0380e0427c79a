/// Folders of plugins that a user named. Those of the standard search path may be absent; these may not.
enum PluginFolders {
  static func problems(_ folders: [String], place: String) -> [ConfigProblem] {
    folders.filter { !PathName.isFolder($0) }.map {
      ConfigProblem(
        .unreadableFile, "there is no folder of plugins '\($0.shownInMessages)'", in: place,
        help: "check the path")
    }
  }

  static func check(_ folders: [String]) throws(ConfigProblems) {
    let problems = problems(folders, place: "--plugins")
    guard problems.isEmpty else { throw ConfigProblems(problems) }
  }
}
