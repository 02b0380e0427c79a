/// What someone may have meant by a name that does not exist.
public enum NearestName {
  /// The candidate with the fewest edits, if it is near enough to be a typing error; the first in order of the
  /// alphabet when several are equally near.
  public static func of(_ name: String, among candidates: some Sequence<String>) -> String? {
    let most = max(1, name.count / 3)
    var best: (edits: Int, name: String)?
    for candidate in candidates.sorted() {
      let edits = distance(Array(name.lowercased()), Array(candidate.lowercased()))
      if edits <= most, edits < best?.edits ?? .max { best = (edits, candidate) }
    }
    return best?.name
  }

  /// Insertions, deletions, replacements and exchanges of neighbours.
  static func distance(_ a: [Character], _ b: [Character]) -> Int {
    // Names are short; what is not a name is compared with nothing.
    guard a.count <= 256, b.count <= 256 else { return .max }
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in 0..<a.count {
      var row = [i + 1]
      for j in 0..<b.count {
        var edits = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { edits = min(edits, beforeLast[j - 1] + 1) }
        row.append(edits)
      }
      beforeLast = last
      last = row
    }
    return last[b.count]
  }
}
