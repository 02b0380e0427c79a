import Training

/// How trials are valued and halved.
struct SearchRules: Sendable {
  var objective: Objective
  var halving: Halving?
  /// The fits of a trial: 1, or folds times repeats. Beyond 1, the resource of halving is fits.
  var fits: Int

  /// Rungs at which a trial is decided upon: numbers of folds, or of epochs of this many.
  func rungs(epochs: Int) -> [Int] { halving?.rungs(below: fits > 1 ? fits : epochs) ?? [] }

  /// The objective at each rung that these fits have reached.
  func rungValues(of ended: [EndedFit]) -> [Double] {
    guard let halving else { return [] }
    if fits > 1 { return halving.rungs(below: ended.count + 1).map { value(of: ended.prefix($0)) ?? .nan } }
    guard let fit = ended.first else { return [] }
    return halving.rungs(below: fit.record.epochs + 1).map {
      objective.value(of: fit.series, through: $0) ?? .nan
    }
  }

  /// The mean over fits; `nil` where one has none.
  func value(of ended: some Collection<EndedFit>) -> Double? {
    let values = ended.compactMap { objective.value(of: $0.series) }
    guard !values.isEmpty, values.count == ended.count else { return nil }
    return values.reduce(0, +) / Double(values.count)
  }

  /// Why a trial ends at a rung; `nil`: it goes on.
  func reasonToEnd(_ value: Double, at rung: Int, among others: [Double]) -> String? {
    guard let halving, !halving.goesOn(value, among: others, objective.direction) else { return nil }
    let unit = fits > 1 ? "fold" : "epoch"
    let compared = others.count { !$0.isNaN }
    return
      "\(objective.metric) is \(value) at \(unit) \(rung): not among the best 1/\(halving.reductionFactor)"
      + " of \(compared + 1) trials"
  }
}
