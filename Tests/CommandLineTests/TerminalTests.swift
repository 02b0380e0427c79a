import Glibc
import Support
import Testing

private let hasScript = access("/usr/bin/script", X_OK) == 0

/// What a person sees in a terminal of 80 columns.
@Suite(.enabled(if: hasScript, "a terminal is made by util-linux's script"))
struct TerminalTests {
  let program: TrainyardProgram

  init() throws { program = try TrainyardProgram() }

  /// What the program writes to a terminal that is its input, output and errors. `keys`: a shell command that types.
  private func screen(_ line: String, columns: Int = 80, keys: String = "true") throws -> TerminalScreen {
    let path = try builtFolder() + "/trainyard"
    let typed = "stty cols \(columns) rows 24; exec '\(path)' \(line)"
    let result = try Shell.run(
      [
        "bash", "-c",
        "{ \(keys); until [ -e ended ]; do sleep 0.05; done; } | { script -qec \"$0\" written; touch ended; }",
        typed,
      ],
      in: program.folder.path,
      environment: ["TERM": "xterm", "HOME": program.folder.path, "XDG_DATA_HOME": "", "SHELL": "/bin/sh"])
    return TerminalScreen(result.output, columns: columns)
  }

  static let pipeline =
    "--data synthetic:shape=moons,rows=200 --validation 0.2 --model mlp:hidden=[4] --batch-size 16 "
    + "--callback progress"

  @Test func `a run leaves on the screen what it leaves in a file`() throws {
    // Wide enough for the path of the folder.
    let lines = try screen("run \(Self.pipeline) --epochs 3 --name one", columns: 300).lines
    let kept = try program.run("run \(Self.pipeline) --epochs 3 --name two")
    let expected = (kept.errors + kept.output)
      .replacing("FOLDER", with: program.folder.path).replacing("runs/two", with: "runs/one")
      .withoutMeasurements
    #expect(lines.filter { $0.hasPrefix("epoch ") }.count == 3)
    #expect(lines.joined(separator: "\n").withoutMeasurements.settled == expected.settled)
  }

  @Test func `a search leaves one line for each trial`() throws {
    try program.folder.write(
      "p.yaml",
      """
      data: {train: {dataset: synthetic, rows: 64}}
      model: {plugin: mlp, hidden: []}
      train: {epochs: 2}
      search: {strategy: grid, metric: loss, parameters: {model.learning_rate: [0.1, 0.01, 0.001]}, workers: 1}
      """)
    let screen = try screen("search p.yaml --name s")
    let trials = screen.lines.filter { $0.contains("] trial ") }
    #expect(trials.count == 3, "\(screen.lines)")
    for (index, line) in trials.enumerated() {
      #expect(
        line.contains(#/^\[\d\/3\] trial \d: loss \S+; 2 epochs, .* model.learning_rate=[0-9.]+$/#),
        "\(index): \(line)")
    }
    #expect(screen.lines.prefix(3) == trials[...])
    #expect(screen.showsCursor)
    #expect(screen.column == 0)
  }

  @Test func `Ctrl-C leaves whole lines and the cursor at the start of one`() throws {
    let screen = try screen(
      "run \(Self.pipeline) --epochs 1000000 --name one",
      keys: "until [ -e runs/one/metrics.csv ] || [ -e ended ]; do sleep 0.05; done; printf '\\003'")
    let end = try #require(
      screen.lines.firstIndex { $0.hasPrefix("outcome   interrupted") }, "\(screen.lines)")
    for (index, line) in screen.lines[..<end].enumerated() where !line.isEmpty {
      // What the terminal shows of the key stays, where no line of status was there to be wiped with it.
      let row = line.hasPrefix("^C") ? String(line.dropFirst(2)) : line
      if row.isEmpty { continue }
      #expect(row.contains(#/^epoch \d+\/1000000  loss \S+ +val_loss \S+ .* s$/#), "line \(index): \(line)")
    }
    #expect(screen.showsCursor)
    #expect(screen.column == 0)
  }
}

/// A terminal as far as this program moves its cursor: what is on the screen, and above it, when all is written.
private struct TerminalScreen {
  private(set) var lines: [String] = []
  private(set) var column = 0
  private(set) var showsCursor = true

  init(_ written: String, columns: Int) {
    var rows: [[Character]] = [[]]
    var row = 0
    var rest = Substring(written)
    while let scalar = rest.unicodeScalars.popFirst() {
      switch scalar {
      case "\r": column = 0
      case "\n":
        row += 1
        if row == rows.count { rows.append([]) }
      case "\u{1B}":
        let sequence = rest.prefix { !$0.isLetter } + rest.drop { !$0.isLetter }.prefix(1)
        rest = rest.dropFirst(sequence.count)
        switch sequence {
        case "[K": rows[row].removeSubrange(min(column, rows[row].count)...)
        case "[2K": rows[row] = []
        case "[?25l": showsCursor = false
        case "[?25h": showsCursor = true
        default: rows[row].append(contentsOf: "ESC\(sequence)")
        }
      default:
        if column == columns {
          (column, row) = (0, row + 1)
          if row == rows.count { rows.append([]) }
        }
        while rows[row].count <= column { rows[row].append(" ") }
        rows[row][column] = Character(scalar)
        column += 1
      }
    }
    lines = rows.map { String($0) }
  }
}

extension String {
  /// Without what differs between two runs of the same name, and the blanks that fill a line of the table.
  fileprivate var settled: String {
    replacing(#/\d+\.\d+ s/#, with: "# s").replacing(#/ +/#, with: " ").replacing(
      #/in epoch \d/#, with: "in epoch N"
    )
    .replacing(#/ *\n+/#, with: "\n").replacing(#/\s+$/#, with: "")
  }
}
