import ArgumentParser
import CMemory
import Glibc
import Trainyard

/// The program `trainyard`.
@main
struct Program: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trainyard",
    abstract: "Trains models with callbacks, monitors and datasets that are shared libraries.",
    discussion: """
      Exit status: 0 when all is well (also when a callback stopped the run), 1 when the run failed, 2 when it \
      could not start (a config, a plugin or data that cannot be used, or a wrong command line), 130 when it was \
      interrupted.
      """,
    version: "0.1.0",
    subcommands: [
      RunCommand.self,
      ResumeCommand.self,
      CrossValidateCommand.self,
      SearchCommand.self,
      RunsCommand.self,
      EvaluateCommand.self,
      PredictCommand.self,
      ExportCommand.self,
      ListCommand.self,
      InspectCommand.self,
      CheckCommand.self,
      CheckChildCommand.self,
      NewCommand.self,
      LockCommand.self,
      SchemaCommand.self,
      FindLearningRateCommand.self,
      ReplayCommand.self,
      TracesCommand.self,
    ])

  static func main() {
    // Before anything else: a helper is started for every isolated plugin.
    HelperEntry.runIfAsked()
    StandardStreams.holdPlaces()
    // A file that grows too large is an error of a write, which names the file.
    signal(SIGXFSZ, SIG_IGN)
    ty_malloc_keep()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let status as ExitStatus {
      status.exit()
    } catch let error as InterruptedBeforeTraining {
      ErrorReport.write(ErrorReport.text(error) + "\n", to: 2)
      ExitStatus.interrupted.exit()
    } catch {
      ErrorReport.end(with: error) {
        Self.exitCode(for: $0).rawValue
      } message: {
        Self.fullMessage(for: $0)
      }
    }
  }
}
