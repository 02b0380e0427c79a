/// Finds the name that a typing error was meant to be.
public enum NearestName {
  /// The nearest of `names`, or `nil` where none is near. The first one wins a tie.
  ///
  /// Near is one error in three letters, three at most; case does not count, and `-` is as good as `_`.
  public static func of(_ name: String, among names: [String]) -> String? {
    guard name.utf8.count <= 100 else { return nil }
    let typed = folded(name)
    var best: (name: String, distance: Int)?
    for candidate in names where candidate.utf8.count <= 100 {
      let letters = folded(candidate)
      let distance = distance(typed, letters)
      let allowed = min(3, max(1, max(typed.count, letters.count) / 3))
      guard distance <= allowed, distance < letters.count, distance < (best?.distance ?? .max) else {
        continue
      }
      best = (candidate, distance)
    }
    return best?.name
  }

  private static func folded(_ name: String) -> [Character] {
    name.lowercased().map { $0 == "-" ? "_" : $0 }
  }

  /// Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other
  /// (Damerau and Levenshtein, in the restricted form that edits no place twice).
  static func distance(_ left: [Character], _ right: [Character]) -> Int {
    if left.isEmpty || right.isEmpty { return left.count + right.count }
    var beforePrevious = [Int](repeating: 0, count: right.count + 1)
    var previous = Array(0...right.count)
    for row in 1...left.count {
      var current = [row] + [Int](repeating: 0, count: right.count)
      for column in 1...right.count {
        let isSame = left[row - 1] == right[column - 1]
        var cost = min(
          previous[column] + 1, current[column - 1] + 1, previous[column - 1] + (isSame ? 0 : 1))
        let isSwap =
          row > 1 && column > 1 && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1]
        if isSwap { cost = min(cost, beforePrevious[column - 2] + 1) }
        current[column] = cost
      }
      beforePrevious = previous
      previous = current
    }
    return previous[right.count]
  }

  /// `did you mean 'patience'? options: monitor, patience`, or only the list.
  static func help(for name: String, among names: [String], listed: String) -> String {
    let list = names.isEmpty ? "" : "\(listed): \(names.joined(separator: ", "))"
    guard let nearest = of(name, among: names) else { return list }
    return "did you mean '\(nearest)'? \(list)"
  }
}
