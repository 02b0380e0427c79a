import PluginHost
import Training

/// A run that went back to a checkpoint, since the model that it trained was gone with its helper process.
public struct Rollback: Sendable, Equatable {
  /// What happened to the helper.
  public var incident: HelperIncident
  /// The epoch that was running, from 0; -1: before the first.
  public var epoch: Int
  /// Optimizer steps that the run had done.
  public var step: Int
  /// Where it went on: the position and the steps of the checkpoint, or of the run's start.
  public var position: RunPosition
  public var startStep: Int

  /// Steps that were done again.
  public var repeatedSteps: Int { max(0, step - startStep) }

  /// "model 'mlp', in train_step: its helper process crashed: signal 11 (SIGSEGV), in epoch 3: the run went back to
  /// step 1200, after epoch 2, and does 87 steps again".
  public var account: String {
    let place = epoch < 0 ? "before the first epoch" : "in epoch \(epoch + 1)"
    let target = startStep == 0 ? "its start" : "step \(startStep), \(position.words)"
    let back = "\(incident.account), \(place): the run went back to \(target)"
    guard repeatedSteps > 0 else { return back }
    return back + ", and does \(repeatedSteps == 1 ? "1 step" : "\(repeatedSteps) steps") again"
  }

  var json: JSONValue {
    .record([
      ("instance", .string(incident.instance)), ("call", .string(incident.call)),
      ("what", .string(incident.what)), ("epoch", .int(Int64(epoch))), ("step", .int(Int64(step))),
      ("went_back_to_step", .int(Int64(startStep))), ("repeated_steps", .int(Int64(repeatedSteps))),
    ])
  }
}

extension ModelAdapter {
  /// What begins with a reset is done again when its helper dies in it, as often as a model may come back.
  func unlessItDies<T>(_ body: () throws -> T) throws -> T {
    while true {
      do { return try body() } catch {
        guard helperFailure?.incident.policy == .restart else { throw error }
      }
    }
  }
}
