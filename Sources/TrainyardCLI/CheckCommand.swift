import ArgumentParser
import Conformance
import Trainyard

/// `trainyard check`: whether a plugin keeps the contract, or whether the C functions of a pipeline come back.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Checks that a plugin keeps the contract, or calls the C functions of a pipeline.",
    discussion: """
      Each rule is checked in a process of its own, so that a plugin may crash or hang. What fails is told with the \
      shortest run that shows it.

        trainyard check early-stopping --level strict
        trainyard check ./libmine.so --option monitor=loss --rule reset-trace
        trainyard check pipeline.yaml

      Of a pipeline each C function among its monitors is called once with made data, in a process of its own: a \
      signature that is not the function's may show itself there.

      Exit status: 0 when no rule failed, 1 when one failed or the plugin crashed, 2 when it could not be checked.
      """)

  @Argument(
    help: "A plugin's id, the path of a library, or a pipeline file.",
    completion: .file(extensions: ["so", "yaml", "yml", "json"]))
  var plugin: String?
  @Option(help: "Only this component of a library that has several.")
  var component: String?
  @Option(help: "quick: run nothing of the plugin but its entry. strict: all that is known to go wrong.")
  var level = LevelName.standard
  @Option(
    name: .customLong("rule"),
    help: ArgumentHelp("Check this rule only, at any level; repeated.", valueName: "id"))
  var rules: [String] = []
  @Option(
    name: .customLong("skip"), help: ArgumentHelp("Leave this rule out; repeated.", valueName: "id"))
  var skipped: [String] = []
  @Option(help: "What random runs are made from: the same seed, the same runs.")
  var seed: UInt64 = 1
  @Option(
    help: ArgumentHelp("The time for each rule; without it each has its own.", valueName: "seconds"))
  var deadline: Double?
  @Option(
    name: .customLong("option"),
    help: ArgumentHelp("An option of the plugin; repeated.", valueName: "key=value"))
  var options: [String] = []
  @Option(
    name: .customLong("plugins"),
    help: ArgumentHelp("A folder to search first; repeated.", valueName: "folder"))
  var pluginFolders: [String] = []
  @Flag(help: "The report as JSON.")
  var json = false
  @Option(help: ArgumentHelp("Also write the report as JUnit XML.", valueName: "file"))
  var junit: String?
  @Flag(name: .customLong("rules"), help: "List the rules, and check nothing.")
  var listsRules = false

  func validate() throws {
    if plugin == nil, !listsRules { throw ValidationError("Missing expected argument '<plugin>'") }
    if let deadline, !(deadline > 0 && deadline < 1e6) {
      throw ValidationError("--deadline takes seconds, more than 0")
    }
    if let wrong = options.first(where: { !$0.contains("=") }) {
      throw ValidationError("--option takes key=value, and not '\(wrong)'")
    }
  }

  func run() throws {
    guard let plugin, !listsRules else { return try StandardOutput.write(CheckText.rules(json: json)) }
    if [".yaml", ".yml", ".json"].contains(where: plugin.hasSuffix) {
      return try FunctionCheckText.run(Pipeline(contentsOf: plugin), path: plugin, json: json)
    }
    let catalog = try Catalog(folders: pluginFolders)
    var request = CheckRequest(plugin, searchFolders: catalog.folders)
    request.component = component
    request.level = level.level
    request.rules = rules
    request.skip = skipped
    request.seed = seed
    request.deadline = deadline.map { .seconds($0) }
    request.options = options.map { text in
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (String(parts[0]), String(parts[1]))
    }
    let text = CheckText(colour: Terminal.outputTakesColour, command: command)
    var lost: (any Error)?
    func show(_ part: String) {
      guard !json, lost == nil else { return }
      do { try StandardOutput.write(part) } catch { lost = error }
    }
    let report = try Checker().check(request) {
      show(text.head($0))
    } onResult: {
      show(text.line($0))
    }
    if let lost { throw lost }
    try StandardOutput.write(json ? JSONWriter.pretty(CheckJSON.object(report)) : text.foot(report))
    if let junit { try AtomicFile.write(JUnitReport(report).text, to: PathText.absolute(junit)) }
    if !report.isClean { throw ExitStatus.failed }
  }

  /// What runs the same again.
  private var command: String {
    var words = ["trainyard", "check", plugin ?? ""]
    if let component { words += ["--component", component] }
    if level != .standard { words += ["--level", level.rawValue] }
    for option in options { words += ["--option", option] }
    for folder in pluginFolders { words += ["--plugins", folder] }
    words += ["--seed", "\(seed)"]
    return words.map(CheckText.quoted).joined(separator: " ")
  }
}

/// A level as the command line has it.
enum LevelName: String, CaseIterable, ExpressibleByArgument {
  case quick, standard, strict

  var level: Rule.Level {
    switch self {
    case .quick: .quick
    case .standard: .standard
    case .strict: .strict
    }
  }
}

extension CheckError: FailureWords {
  public var failureWords: (message: String, help: String?) { (description, help) }
}

/// The process that a rule is checked in; the checker starts it.
struct CheckChildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: RuleChild.command, shouldDisplay: false)

  func run() { RuleChild.main() }
}
