import PluginKit

/// From which epoch on gradients are accumulated over how many batches.
public struct AccumulationPlan: Equatable {
  /// By epoch, ascending.
  private var changes: [Change] = []

  private struct Change: Equatable {
    var epoch: Int
    var factor: Int
  }

  /// One batch throughout.
  public init() {}

  /// - Parameter table: Epochs, from 0, as keys, and factors from 1 on.
  public init(_ table: JSONText) throws {
    let entries = try Parameters(table, of: "option 'scheduling'").entries
    guard !entries.isEmpty else {
      throw PluginError("option 'scheduling' is empty", help: "write epochs and factors, such as {4: 2}")
    }
    for (key, value) in entries {
      guard let epoch = Int(key), epoch >= 0 else {
        throw PluginError(
          "option 'scheduling': '\(key)' is no epoch", help: "epochs are whole numbers from 0 on")
      }
      guard case .number(let number) = value, let factor = Int(exactly: number), factor >= 1 else {
        throw PluginError(
          "option 'scheduling': the factor from epoch \(epoch) on is \(value.found), "
            + "and must be a whole number from 1 on")
      }
      guard !changes.contains(where: { $0.epoch == epoch }) else {
        throw PluginError("option 'scheduling': epoch \(epoch) is given twice")
      }
      changes.append(Change(epoch: epoch, factor: factor))
    }
    changes.sort { $0.epoch < $1.epoch }
  }

  public func factor(at epoch: Int) -> Int { changes.last { $0.epoch <= epoch }?.factor ?? 1 }
}
