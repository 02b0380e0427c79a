import Training

/// Successive halving, asynchronous: trials that are not among the best at a rung end there.
///
/// The rungs are at `minimum`, `minimum · η`, `minimum · η²`, … of a resource, epochs or folds. A trial goes on beyond
/// a rung when its value there is among the best 1/η of the values that it may be compared with, its own included; the
/// best one of fewer than η always is. That is the stopping variant of ASHA (L. Li et al., "A System for Massively
/// Parallel Hyperparameter Tuning", MLSys 2020), and the rule of Optuna's SuccessiveHalvingPruner.
public struct Halving: Sendable, Equatable {
  /// The resource at the first rung.
  public var minimum: Int
  /// η: one in so many goes on.
  public var reductionFactor: Int

  public init(minimum: Int = 1, reductionFactor: Int = 4) {
    self.minimum = max(1, minimum)
    self.reductionFactor = max(2, reductionFactor)
  }

  /// The rungs below all that a trial can have: at the end there is nothing to decide.
  public func rungs(below limit: Int) -> [Int] {
    var rungs: [Int] = []
    var next = minimum
    while next < limit {
      rungs.append(next)
      let (product, overflow) = next.multipliedReportingOverflow(by: reductionFactor)
      if overflow { break }
      next = product
    }
    return rungs
  }

  /// Whether a value at a rung is good enough among those of other trials. NaN never is, and nobody's NaN counts.
  public func goesOn(_ value: Double, among others: [Double], _ direction: Direction) -> Bool {
    guard !value.isNaN else { return false }
    let others = others.filter { !$0.isNaN }
    let better = others.count { direction == .max ? $0 > value : $0 < value }
    return better < max(1, (others.count + 1) / reductionFactor)
  }
}
