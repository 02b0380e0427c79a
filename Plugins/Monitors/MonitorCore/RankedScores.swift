/// Scores of a two-way decision from the highest to the lowest, and what lies above each of them.
public struct RankedScores {
  public struct Entry {
    var score: Double
    var isPositive: Bool
    var weight: Double

    init(_ score: Double, _ isPositive: Bool, _ weight: Double) {
      (self.score, self.isPositive, self.weight) = (score, isPositive, weight)
    }
  }

  /// After all entries of one score: the weight of the positive and of the negative ones so far.
  private struct Step {
    var positives: Double
    var negatives: Double
  }

  private var steps: [Step] = []
  private var hasNaN: Bool

  init(_ entries: [Entry]) {
    hasNaN = entries.contains { $0.score.isNaN }
    guard !hasNaN else { return }
    let order = entries.indices.sorted { a, b in
      let (first, second) = (entries[a].score, entries[b].score)
      // Rows of equal score in the order of their arrival, so that sums have the same bits each time.
      return first > second || (first == second && a < b)
    }
    var positives = CompensatedSum()
    var negatives = CompensatedSum()
    for (place, index) in order.enumerated() {
      let entry = entries[index]
      if entry.isPositive { positives.add(entry.weight) } else { negatives.add(entry.weight) }
      let isLast = place + 1 == order.count || entries[order[place + 1]].score != entry.score
      if isLast { steps.append(Step(positives: positives.value, negatives: negatives.value)) }
    }
  }

  /// The area under the curve of true over false positive rate, by trapezoids: a tie counts half. Not defined
  /// unless there is weight on both sides.
  public var areaUnderROC: Double? {
    if hasNaN { return .nan }
    guard let last = steps.last, last.positives != 0, last.negatives != 0 else { return nil }
    var area = CompensatedSum()
    var before = Step(positives: 0, negatives: 0)
    for step in steps {
      area.add((step.negatives - before.negatives) * (step.positives + before.positives) / 2)
      before = step
    }
    return area.value / last.positives / last.negatives
  }

  /// Σ (Rₙ − Rₙ₋₁)·Pₙ over the thresholds; 0 where nothing is positive.
  public var averagePrecision: Double? {
    if hasNaN { return .nan }
    guard let last = steps.last, last.positives != 0 || last.negatives != 0 else { return nil }
    guard last.positives != 0 else { return 0 }
    var sum = CompensatedSum()
    var before = 0.0
    for step in steps {
      let flagged = step.positives + step.negatives
      if flagged != 0 { sum.add((step.positives - before) * (step.positives / flagged)) }
      before = step.positives
    }
    return sum.value / last.positives
  }
}
