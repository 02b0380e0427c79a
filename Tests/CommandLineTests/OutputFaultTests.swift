import Support
import Testing

/// Places that cannot be written to. Nothing half-written is left under a final name.
@Suite struct OutputFaultTests {
  let program: TrainyardProgram

  init() throws { program = try TrainyardProgram() }

  static let command = "run --data synthetic:rows=64 --model mlp:hidden=[] --epochs 1"

  @Test(arguments: [
    ("file", "FOLDER/file", "Not a directory"), ("file/runs", "FOLDER/file", "Not a directory"),
  ])
  func `a folder below a file cannot be made`(_ output: String, path: String, reason: String) throws {
    try program.folder.write("file", "a file\n")
    #expect(
      try program.run(Self.command + " --output \(output)")
        == TrainyardProgram.Answer(
          status: 2,
          errors: """
            error: cannot make the folder '\(path)': \(reason)
              help:  choose a place that you may write to, with --output or output.folder

            """))
    #expect(try readText(program.folder("file")) == "a file\n")
  }

  @Test func `a place that takes no folders is refused`() throws {
    let answer = try program.run(Self.command + " --output /proc/trainyard")
    #expect(answer.status == 2)
    #expect(answer.errors.hasPrefix("error: cannot make the folder '/proc/trainyard': "))
    #expect(
      answer.errors.hasSuffix(
        "  help:  choose a place that you may write to, with --output or output.folder\n"))
  }

  @Test func `a name that is taken is refused, and what is there stays`() throws {
    #expect(try program.run(Self.command + " --name one").status == 0)
    let before = try readFile(program.folder("runs/one/model/weights.safetensors"))
    #expect(
      try program.run(Self.command + " --name one --seed 2")
        == TrainyardProgram.Answer(
          status: 2,
          errors: """
            error: the run folder 'FOLDER/runs/one' exists already
              help:  choose another name, or remove that folder

            """))
    #expect(try readFile(program.folder("runs/one/model/weights.safetensors")) == before)
  }

  /// The weights take 300 kB, all other files together less than 20.
  static let large =
    "run --data synthetic:rows=64 --model mlp:hidden=[256,256] --epochs 1 --name one --set output.store=false"

  @Test func `a file that grows too large fails the run, without half a model`() throws {
    // `ulimit -f` counts blocks of 1 KiB.
    let answer = try program.run(Self.large, after: "ulimit -f 32")
    #expect(answer.status == 1)
    #expect(answer.output.hasPrefix("\noutcome   failed\nepochs    1 of 1, 2 steps, "))
    #expect(
      answer.errors == """
        error: the model was not saved: cannot write 'FOLDER/runs/one/model/weights.safetensors': File too large
          help:  raise the limit of file sizes (ulimit -f), or choose a disk that takes larger files

        """)
    #expect(try program.files("runs/one") == ["config.json", "events.jsonl", "metrics.csv", "summary.json"])
    #expect(try program.json("runs/one/summary.json").at("outcome")?.string == "failed")
  }

  @Test func `a full disk fails the run, without half a model`() throws {
    let disk = program.folder("disk")
    try Shell.check(["mkdir", disk])
    // In a mount namespace of its own: nobody else sees the disk, and it goes away with the run.
    let isolate = ["unshare", "--mount", "--map-root-user", "bash", "-c"]
    let mount = "mount -t tmpfs -o size=100k tmpfs '\(disk)'"
    guard try Shell.run(isolate + [mount]).status == 0 else {
      print("skipped: a small disk cannot be mounted here")
      return
    }
    let run = "cd '\(program.folder.path)'; '\(try builtFolder())/trainyard' \(Self.large) --output disk"
    let result = try Shell.run(
      isolate + ["\(mount); \(run); status=$?; find disk -mindepth 1 | sort; exit $status"])
    let answer = program.answer(result)
    #expect(answer.status == 1)
    #expect(
      answer.errors == """
        error: the model was not saved: cannot write 'FOLDER/disk/one/model/weights.safetensors': No space left on device
          help:  free some space on that disk

        """)
    #expect(
      answer.output.hasSuffix(
        """
        disk/one
        disk/one/config.json
        disk/one/events.jsonl
        disk/one/metrics.csv
        disk/one/summary.json

        """))
  }

  @Test func `predictions are written whole or not at all`() throws {
    #expect(
      try program.run("run --data synthetic:rows=5000 --model mlp:hidden=[] --epochs 1 --name one").status
        == 0)
    let line = "predict runs/one --data synthetic:rows=5000"
    #expect(
      try program.run(line + " --output answers.csv", after: "ulimit -f 16")
        == TrainyardProgram.Answer(
          status: 2,
          errors: """
            error: cannot write 'answers.csv': File too large
              help:  raise the limit of file sizes (ulimit -f), or choose a disk that takes larger files

            """))
    #expect(try program.files(".").filter { $0.hasPrefix("answers") } == [])
    #expect(
      try program.run(line, after: "exec > /dev/full")
        == TrainyardProgram.Answer(
          status: 2,
          errors: """
            error: cannot write to 'standard output': No space left on device
              help:  free some space on that disk

            """))
  }

  @Test func `data that cannot be used give no predictions, not even a header`() throws {
    #expect(try program.run(Self.command + " --name one").status == 0)
    try program.folder.write("few.csv", "x\n1\n")
    #expect(
      try program.run("predict runs/one --data csv:file=few.csv --output answers.csv")
        == TrainyardProgram.Answer(
          status: 2,
          errors: """
            error: dataset 'csv': field 'x' has shape [], and [2] was trained with
              help:  give the model data of the shape that it was trained with

            """))
    let answer = try program.run("predict runs/one --data csv:file=few.csv")
    #expect(answer.output == "")
    #expect(try program.files(".").filter { $0.hasPrefix("answers") } == [])
  }
}
