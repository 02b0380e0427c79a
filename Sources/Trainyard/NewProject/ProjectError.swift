import Training

/// Why no project could be made.
public enum ProjectError: Error, FailureWords, CustomStringConvertible {
  case badName(String, suggestion: String?)
  case folderTaken(String)
  case cannotMake(FileError, folder: String)
  case noTemplates(beside: String)
  case notText(String)

  public var failureWords: (message: String, help: String?) {
    switch self {
    case .badName(let name, let suggestion):
      (
        "'\(name.shownInMessages)' cannot be the id of a plugin: lower case letters, digits and single '-', a letter first",
        suggestion.map { "write \($0)" } ?? "as in my-callback"
      )
    case .folderTaken(let path):
      ("the folder '\(path)' exists already", "choose another name, or another place with --folder")
    case .cannotMake(let error, let folder):
      (
        "cannot make the folder '\(folder)': \(error.reason)", "choose another place with --folder"
      )
    case .noTemplates(let program):
      (
        "no templates were found beside '\(program)'",
        "`make install` puts them into share/trainyard, beside the folder of the program"
      )
    case .notText(let path): ("the template '\(path)' is no UTF-8 text", "install the program again")
    }
  }

  public var description: String { failureWords.message }
}
