import CTrainyard
import Glibc
import Training

/// A replay's model as callbacks may see it through their host.
final class ReplayViews: HostedModel {
  private let model: ReplayModel
  private let weights: CWeights
  private let names: [UnsafeMutablePointer<CChar>?]

  init(_ model: ReplayModel) throws {
    self.model = model
    weights = CWeights(try model.weights())
    names = model.parameterNames.map { strdup($0) }
  }

  deinit { for name in names { free(name) } }

  var weightCount: Int { weights.pointers.count }

  func weight(_ index: Int, into weight: UnsafeMutablePointer<ty_weight>) -> Bool {
    guard weights.pointers.indices.contains(index), let found = weights.pointers[index] else { return false }
    weight.pointee = found.pointee
    return true
  }

  func parameterName(_ index: Int) -> UnsafePointer<CChar>? {
    names.indices.contains(index) ? UnsafePointer(names[index]) : nil
  }

  func parameter(_ name: String) -> Double? { model.parameter(name) }
}
