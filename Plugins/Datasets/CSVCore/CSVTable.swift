import DataColumns
import PluginKit

/// The rows of a CSV text on their way into columns: read in pieces side by side, and put together in order, so that
/// nothing depends on the number of threads, neither values nor errors.
struct CSVTable {
  private let text: CSVText
  private let rules: TableRules
  private let threads: Int
  private let plans: [ColumnPlan]
  /// By position in the file; `nil`: the column is not used.
  private var builders: [ColumnBuilder?]
  private let rowLimit: Int
  /// Those whose rows are in their places.
  private var parts: [TablePart] = []
  private var slices: [Range<Int>] = []
  private var rowCount = 0
  private var place: Int
  private var line: Int

  /// - Parameter scanner: stands at the first row.
  init(_ text: CSVText, _ scanner: CSVScanner, plans: [ColumnPlan], rules: TableRules, threads: Int) throws {
    self.text = text
    self.rules = rules
    self.threads = threads
    self.plans = plans
    (place, line) = (scanner.place, scanner.line)
    rowLimit = text.rowLimit(from: place, width: rules.width)
    builders = Array(repeating: nil, count: rules.width)
    for plan in plans { builders[plan.position] = try ColumnBuilder.make(plan, rowLimit: rowLimit) }
  }

  mutating func read() throws {
    for guess in CSVText.Guess.allCases where place < text.count { try read(guess) }
  }

  /// Reads what is left in as many pieces as may be, and takes those that turn out to begin where the one before ended.
  private mutating func read(_ guess: CSVText.Guess) throws {
    let pieces = text.pieces(from: place, width: rules.width, guess)
    var rows: [Range<Int>] = []
    var row = rowCount
    for piece in pieces {
      guard piece.rowLimit <= rowLimit - row else { throw rules.changed }
      rows.append(row..<row + piece.rowLimit)
      row += piece.rowLimit
    }
    let results = try onThreads(threads, pieces: pieces.count) { index in
      let piece = pieces[index]
      // Lines are counted from the start of the piece; those of the first are known.
      var part = part(piece, rows[index], line: index == 0 ? line : 1)
      let result = Result { try part.read() }
      return (part: part, result: result)
    }
    for (index, piece) in pieces.enumerated() where piece.place == place {
      var (part, result) = results[index]
      var lines = part.scanner.line - (index == 0 ? line : 1)
      if case .failure(let error) = result {
        if index == 0 { throw error }
        // Now that its line is known.
        part = self.part(piece, rows[index], line: line)
        try part.read()
        lines = part.scanner.line - line
      }
      take(part)
      line += lines
      place = part.scanner.place
    }
  }

  private func part(_ piece: CSVText.Piece, _ rows: Range<Int>, line: Int) -> TablePart {
    let scanner = CSVScanner(
      text, from: piece.place, to: piece.limit, line: line, separator: rules.separator)
    return TablePart(scanner, rows: rows, into: builders, rules: rules)
  }

  /// Its rows follow those before, which lie closer together where there were empty lines, or line ends in cells.
  private mutating func take(_ part: TablePart) {
    if part.firstRow != rowCount {
      for builder in builders { builder?.move(part.firstRow, to: rowCount, count: part.rowCount) }
    }
    parts.append(part)
    slices.append(rowCount..<rowCount + part.rowCount)
    rowCount += part.rowCount
  }

  /// In the order of the plans.
  func columns() throws -> [Column] {
    let lacksTargets = parts.contains(where: \.lacksTargets)
    return try plans.compactMap { plan in
      if plan.role == .target, lacksTargets { return nil }
      let places = zip(parts, slices).compactMap { part, rows in
        part.columns[plan.position].map { ColumnSlice(part: $0, rows: rows) }
      }
      return try builders[plan.position]?.column(places, rowCount: rowCount, threads: threads)
    }
  }
}
