import Training

/// Why a run cannot be taken up.
public struct ResumeProblem: Error, FailureWords, Equatable {
  public enum Code: String, Sendable {
    case nothing, allDamaged, changed, otherPlugins, otherData, stopped, finished, noneUnfinished
  }
  public var code: Code
  public var message: String
  public var help: String

  public var failureWords: (message: String, help: String?) { (message, help) }

  /// - Parameter note: About the crash of the process that had it.
  static func nothing(_ folder: String, _ note: String?) -> ResumeProblem {
    ResumeProblem(
      code: .nothing,
      message: "there is nothing to resume in '\(folder)': it has no checkpoint"
        + (note.map { "; \($0)" } ?? ""),
      help: "a run that has finished removes its checkpoints, unless checkpoints.keep_finished is true")
  }

  static func allDamaged(_ folder: String, _ damages: [String]) -> ResumeProblem {
    ResumeProblem(
      code: .allDamaged,
      message: "no checkpoint of '\(folder)' can be used:\n  " + damages.joined(separator: "\n  "),
      help: "begin the run anew")
  }

  static func changed(_ folder: String, _ keys: [String]) -> ResumeProblem {
    let more = keys.count > 8 ? " and \(keys.count - 8) more" : ""
    return ResumeProblem(
      code: .changed,
      message: "the config is not that of the run '\(folder)': it differs in "
        + keys.prefix(8).map(\.shownInMessages).joined(separator: ", ") + more,
      help:
        "resume it as it was begun with `trainyard resume \(folder)`, or go on with the new config by --allow-changes"
    )
  }

  static func otherPlugins(_ folder: String, _ missing: [String], _ new: [String]) -> ResumeProblem {
    var parts: [String] = []
    if !missing.isEmpty { parts.append("\(missing.joined(separator: ", ")) is missing") }
    if !new.isEmpty { parts.append("\(new.joined(separator: ", ")) is new") }
    return ResumeProblem(
      code: .otherPlugins,
      message: "the run '\(folder)' was begun with other plugins: \(parts.joined(separator: "; "))",
      help: "give it the plugins that it had, or go on without their state by --allow-changes")
  }

  static func otherData(_ folder: String, _ before: DataIdentity, _ now: DataIdentity) -> ResumeProblem {
    func words(_ data: DataIdentity) -> String {
      let shape = data.featureShape.map { "\($0)" }.joined(separator: "×")
      return
        "\(data.trainingRows) rows to train on, \(data.validationRows) to validate on, features of \(shape)"
    }
    return ResumeProblem(
      code: .otherData,
      message: "the data is not that of the run '\(folder)': it has \(words(now)), and had \(words(before))",
      help: otherDataHelp)
  }

  /// - Parameter names: Of the datasets whose rows are as many as they were, and others.
  static func otherValues(_ folder: String, _ names: [String]) -> ResumeProblem {
    ResumeProblem(
      code: .otherData,
      message: "the data is not that of the run '\(folder)': \(names.joined(separator: " and ")) has as many "
        + "rows as it had, with other values or names in them",
      help: otherDataHelp)
  }

  private static let otherDataHelp =
    "resume the run with the data that it was begun with, or go on with what is there now by --allow-changes"

  static func stopped(_ folder: String, by callback: String, reason: String) -> ResumeProblem {
    ResumeProblem(
      code: .stopped, message: "the run '\(folder)' was stopped by '\(callback)': \(reason)",
      help: "begin a new run without that callback, with model.initial_weights from this one")
  }

  static func finished(_ folder: String, epochs: Int) -> ResumeProblem {
    ResumeProblem(
      code: .finished, message: "the run '\(folder)' has finished: all its \(epochs) epochs ran",
      help: "give it more with --epochs")
  }

  static func noneUnfinished(_ folder: String) -> ResumeProblem {
    ResumeProblem(
      code: .noneUnfinished, message: "there is no unfinished run in '\(folder)'",
      help: "leave out --resume to begin one")
  }
}
