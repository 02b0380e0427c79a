import MLPKernels
import PluginKit

/// Threads that a model works with: the one that calls it, and others of its own, which begin with the first work that
/// is worth it and end with this object.
final class Team {
  let threads: Int
  private let team: OpaquePointer

  init(threads: Int) throws {
    guard let team = mlp_team_new(Int32(clamping: threads)) else {
      throw PluginError("no memory for \(threads) threads")
    }
    self.team = team
    self.threads = threads
  }

  deinit { mlp_team_end(team) }

  /// Has every thread do its share of the network's job; returns when all are done.
  func work(on network: Network) {
    mlp_team_run(
      team,
      { network, index, count in
        guard let network else { return }
        Unmanaged<Network>.fromOpaque(network)._withUnsafeGuaranteedRef {
          $0.work(Share(index: Int(index), count: Int(count)))
        }
      }, Unmanaged.passUnretained(network).toOpaque())
  }
}

/// The part of a job that one thread does.
struct Share {
  let index: Int
  let count: Int

  /// Its part of so many things, in portions that are not divided further.
  func part(of things: Int, portion: Int) -> Range<Int> {
    let portions = (things + portion - 1) / portion
    func bound(_ index: Int) -> Int { min(things, portions * index / count * portion) }
    return bound(index)..<bound(index + 1)
  }
}
