/// The order in which measures at the end of an epoch are made: each after those that it reads.
enum MeasureOrder {
  /// Sorts; those that no other concerns stay in the order of the config. Circles come out as problems.
  static func sorted(_ measures: [MeasureConfig]) -> ([MeasureConfig], [ConfigProblem]) {
    var giver: [String: Int] = [:]
    for (index, measure) in measures.enumerated() {
      for name in measure.gives { giver[name] = giver[name] ?? index }
    }
    var search = Search(measures: measures, giver: giver)
    for index in measures.indices { search.visit(index) }
    return (search.order.map { measures[$0] }, search.problems)
  }

  private struct Search {
    let measures: [MeasureConfig]
    let giver: [String: Int]
    var order: [Int] = []
    var problems: [ConfigProblem] = []
    private var done: Set<Int> = []
    private var path: [Int] = []

    init(measures: [MeasureConfig], giver: [String: Int]) {
      self.measures = measures
      self.giver = giver
    }

    mutating func visit(_ index: Int) {
      guard !done.contains(index) else { return }
      path.append(index)
      defer { path.removeLast() }
      for name in measures[index].reads {
        guard let next = giver[name] else { continue }
        if let start = path.firstIndex(of: next) {
          report(Array(path[start...]), from: index, reading: name)
        } else {
          visit(next)
        }
      }
      if done.insert(index).inserted { order.append(index) }
    }

    private mutating func report(_ circle: [Int], from index: Int, reading name: String) {
      let measure = measures[index]
      let names = (circle + [circle[0]]).map { "'\(measures[$0].name)'" }.joined(separator: ", which needs ")
      var position = measure.position
      if case .expression(let expression) = measure.content,
        let place = expression.names.first(where: { $0.name == name })
      {
        position = measure.position(of: place.offset)
      }
      problems.append(
        ConfigProblem(
          .conflict, "a monitor needs itself: \(names)", at: position, in: measure.place,
          help: "break the circle; previous(x) needs x, too"))
    }
  }
}
