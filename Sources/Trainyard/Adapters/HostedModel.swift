import CTrainyard

/// What callbacks may see of a model through their host.
protocol HostedModel: AnyObject {
  var weightCount: Int { get }
  /// A read-only view; false where there is no such weight.
  func weight(_ index: Int, into weight: UnsafeMutablePointer<ty_weight>) -> Bool
  /// Valid until the call of the instance that asks returns; `nil` past the last.
  func parameterName(_ index: Int) -> UnsafePointer<CChar>?
  func parameter(_ name: String) -> Double?
}

extension ModelAdapter: HostedModel {
  var weightCount: Int { (try? instance.weightCount()) ?? 0 }

  func weight(_ index: Int, into weight: UnsafeMutablePointer<ty_weight>) -> Bool {
    (try? instance.weight(index, into: weight)) != nil
  }

  func parameterName(_ index: Int) -> UnsafePointer<CChar>? {
    (try? instance.parameterNamePointer(index)) ?? nil
  }
}
