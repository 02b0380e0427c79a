import ArgumentParser
import Trainyard

/// `trainyard runs`: what was run, and what came of it.
struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs", abstract: "Shows, compares and exports what was run.",
    discussion: """
      Runs, cross-validations and searches are kept in a store, an SQLite file beside their folders. An id is the name \
      of a run's folder, or of a study; study/3 is its trial 3, study/3/2 that trial's fold 2.

        trainyard runs list
        trainyard runs show 20260102-030405
        trainyard runs compare first second
        trainyard runs best --metric val_accuracy
        trainyard runs export --csv
      """,
    subcommands: [
      RunsListCommand.self, RunsShowCommand.self, RunsCompareCommand.self, RunsBestCommand.self,
      RunsExportCommand.self, RunsRemoveCommand.self,
    ],
    defaultSubcommand: RunsListCommand.self)
}

/// Which store a command reads.
struct StoreFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The store: a file, a folder with trainyard.db in it, or the pipeline whose runs are kept in it.",
      valueName: "path"))
  var store = "runs/" + OutputConfig.storeName

  func open(_ access: RunStore.Access = .readOnly) throws -> RunStore {
    do { return try RunStore(path: try path(), access) } catch var error as StoreError {
      if error.code == .missing {
        error.help = "a run makes one: trainyard run pipeline.yaml; one elsewhere is named with --store"
      }
      throw error
    }
  }

  private func path() throws -> String {
    if [".yaml", ".yml", ".json"].contains(where: store.hasSuffix) {
      let output = try PipelineConfig.read(path: store).output
      guard let path = output.store else {
        throw StoreError(.missing, store, "", help: "this pipeline keeps none: output.store is false")
      }
      return path
    }
    return PathText.isFolder(store) ? PathText.join(store, OutputConfig.storeName) : store
  }
}

/// `trainyard runs remove`: takes a study out of the store. Its folders stay.
struct RunsRemoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Takes a run or a study out of the store; its folders stay.")

  @OptionGroup var flags: StoreFlags
  @Argument(help: "Names of runs or studies.") var names: [String]

  func run() throws {
    let store = try flags.open(.existing)
    let finder = RunFinder(store)
    // All of them are there before one of them goes.
    let studies = try names.map { name in
      guard case .study(let study) = try finder.find(name) else {
        throw RunProblem("'\(name)' is a part of a study", help: "only a whole one can be removed")
      }
      return study
    }
    for study in studies {
      guard try !study.trials().contains(where: { $0.state == .running && !$0.isLost }) else {
        throw RunProblem("'\(study.name)' is running", help: "wait for its end, or end its process")
      }
      try store.removeStudy(named: study.name)
    }
  }
}
