/// The candidate that `name` was most likely meant to be, for "did you mean" in an error; `nil` when none is
/// close enough to be a slip: at most a third of the letters, and three in all, are wrong, missing, extra or
/// swapped with their neighbour. Case does not count. The first of equally close candidates wins.
public func nearestName(to name: String, in candidates: some Sequence<String>) -> String? {
  let written = Array(name.lowercased().unicodeScalars)
  var best: (name: String, distance: Int)?
  for candidate in candidates {
    let letters = Array(candidate.lowercased().unicodeScalars)
    let allowed = min(3, max(written.count, letters.count) / 3)
    guard abs(written.count - letters.count) <= allowed else { continue }
    let distance = editDistance(written, letters)
    if distance <= allowed, distance < best?.distance ?? .max { best = (candidate, distance) }
  }
  return best?.name
}

/// Damerau and Levenshtein's distance in its restricted form: no letter is touched twice.
private func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
  var twoAbove = [Int](repeating: 0, count: b.count + 1)
  var above = Array(0...b.count)
  for i in 0..<a.count {
    var row = [i + 1]
    row.reserveCapacity(b.count + 1)
    for j in 0..<b.count {
      var distance = min(above[j + 1] + 1, row[j] + 1, above[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { distance = min(distance, twoAbove[j - 1] + 1) }
      row.append(distance)
    }
    twoAbove = above
    above = row
  }
  return above[b.count]
}
