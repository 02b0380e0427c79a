import Glibc
import Support
import Testing
import Trainyard

/// Disks that are full, or cannot be written to at all, before a run and in the middle of it.
@Suite struct StorageFaultTests {
  let program: TrainyardProgram

  init() throws { program = try TrainyardProgram() }

  // MARK: Read-only

  private static let command = "run --data synthetic:rows=64 --model mlp:hidden=[] --epochs 2 --quiet"

  /// - Parameter before: What is done while the disk can be written to.
  private func readOnly(_ line: String, before: String = "true") throws -> TrainyardProgram.Answer? {
    try program.run(
      onSmallDisk: "{ \(before); } && mount -o remount,ro '\(program.folder("disk"))' && trainyard \(line)")
  }

  static let refusals: [(line: String, errors: String)] = [
    (
      command + " --output disk",
      "error: cannot make the folder 'FOLDER/disk/DATE': Read-only file system\n"
        + "  help:  choose a place that you may write to, with --output or output.folder\n"
    ),
    (
      command + " --output disk/runs --name one",
      "error: cannot make the folder 'FOLDER/disk/runs': Read-only file system\n"
        + "  help:  choose a place that you may write to, with --output or output.folder\n"
    ),
    (
      "cross-validate --data synthetic:rows=64 --model mlp --folds 2 --output disk --name cv",
      "error: cannot make the folder 'FOLDER/disk/cv': Read-only file system\n"
        + "  help:  choose a place that you may write to, with --output or output.folder\n"
    ),
    (
      "search p.yaml --output disk --name s",
      "error: cannot use the store 'FOLDER/disk/trainyard.db': it cannot be opened: Read-only file system\n"
        + "  help:  choose a place that you may write to\n"
    ),
  ]

  @Test(arguments: refusals)
  func `a run does not begin on a disk that is read-only`(line: String, errors: String) throws {
    try program.folder.write(
      "p.yaml",
      """
      data: {train: {dataset: synthetic, rows: 64}}
      model: {plugin: mlp, hidden: []}
      train: {epochs: 1}
      search: {trials: 2, metric: loss, parameters: {model.learning_rate: [0.1, 0.01]}}

      """)
    guard var answer = try readOnly(line) else { return }
    answer.errors = answer.errors.replacing(#/disk\/\d{8}-\d{6}/#, with: "disk/DATE")
    #expect(answer == TrainyardProgram.Answer(status: 2, errors: errors))
  }

  @Test func `what lies on a disk that is read-only can be read, and not gone on with`() throws {
    let keeps = Self.command + " --output disk --name one --set checkpoints.keep_finished=true > /dev/null"
    let begun = "trainyard " + keeps
    let resumed = try readOnly("resume disk/one --epochs 4", before: begun)
    guard let resumed else { return }
    #expect(
      resumed
        == TrainyardProgram.Answer(
          status: 2,
          errors: """
            error: cannot write 'disk/one/resume/lock': Read-only file system
              help:  choose a place that you may write to, with --output or output.folder

            """))
    let listed = try readOnly("runs list --store disk/trainyard.db", before: begun)
    #expect(listed?.status == 0 && listed?.output.contains("finished") == true, "\(listed as Any)")
    let predicted = try readOnly("predict disk/one --data synthetic:rows=3", before: begun)
    #expect(predicted?.status == 0 && predicted?.output.split(separator: "\n").count == 4)
  }

  // MARK: Full

  /// A callback that fills the disk, where a file `armed` says so, and keeps it full until a later batch: what is removed
  /// meanwhile, as an old checkpoint, gives no space.
  private func fills(at full: Int, until free: Int) throws {
    _ = try compileComponents(
      "callback_table.on_batch_end = strikes",
      """
      #include <fcntl.h>
      #include <unistd.h>
      static ty_status strikes(void *self, const ty_event *event) {
        static char block[4096];
        static int filler = -1;
        (void)self;
        if (event->step == \(full) && unlink("armed") == 0) {
          filler = open("disk/filler", O_WRONLY | O_CREAT, 0600);
        }
        if (event->step == \(free)) {
          unlink("disk/filler");
          close(filler);
          filler = -1;
        }
        for (int i = 0; i < 1024 && filler >= 0 && write(filler, block, sizeof block) > 0; i++) {
        }
        return TY_OK;
      }
      """, as: "strikes", in: program.folder)
  }

  private func pipeline(
    _ callbacks: String, batch: Int = 8, epochs: Int = 40, record: String = "epochs",
    checkpoints: String = "{every_steps: 3}"
  ) throws {
    try program.folder.write(
      "p.yaml",
      """
      data: {train: {dataset: synthetic, rows: 90, noise: 0.3}, validation: {fraction: 0.3}}
      model: {plugin: mlp, hidden: [6], dropout: 0.1}
      train: {epochs: \(epochs), batch_size: \(batch), seed: 3}
      callbacks: [./libstrikes.so, {plugin: early-stopping, patience: 99}\(callbacks)]
      checkpoints: \(checkpoints)
      output: {folder: runs, record: \(record)}

      """)
    #expect(try program.run("run p.yaml --quiet --name whole").status == 0)
    try program.folder.write("armed", "")
  }

  private static let begun = "trainyard run p.yaml --quiet --output disk --name one"
  /// What is on the disk is gone with it.
  private static let saved = "cp -r disk/one one"

  @Test func `a disk that is full for a while costs a run its checkpoints and nothing else`() throws {
    // In the second epoch of eight batches: nothing but checkpoints is written meanwhile.
    try fills(at: 10, until: 16)
    try pipeline("")
    let script = "\(Self.begun); status=$?; \(Self.saved); exit $status"
    guard let answer = try program.run(onSmallDisk: script) else { return }
    #expect(answer.status == 0)
    #expect(
      answer.errors.contains(
        #/^warning: a checkpoint was not written: cannot write 'FOLDER/disk/one/resume/.*': No space left on device; free some space on that disk\n/#
      ), "\(answer)")
    // The warning is in the summary of this one.
    var (one, whole) = (try program.left("one"), try program.left("runs/whole"))
    for run in ["one", "runs/whole"] {
      #expect(try program.json("\(run)/summary.json").at("outcome")?.string == "finished")
    }
    one["summary.json"] = nil
    whole["summary.json"] = nil
    #expect(one == whole)
  }

  @Test func `a run that a full disk ends goes on when there is space, and ends as one that had it`() throws {
    try fills(at: 16, until: -1)
    try pipeline("", record: "batches")
    let script = """
      \(Self.begun); echo "status $?"; rm disk/filler
      trainyard resume disk/one --quiet >resumed 2>&1; echo "status $?"; \(Self.saved)
      """
    guard let answer = try program.run(onSmallDisk: script) else { return }
    let resumed = try readText(program.folder("resumed"))
    #expect(answer.output.hasPrefix("\noutcome   failed\n"), "\(answer)")
    #expect(answer.output.hasSuffix("status 1\nstatus 0\n"), "\(answer)\n\(resumed)")
    #expect(
      answer.errors.contains(
        #/error: the run's outputs failed in epoch_end, epoch \d+: cannot write 'FOLDER/disk/one/(events.jsonl|metrics.csv)': No space left on device\n  help:  free some space on that disk\n/#
      ), "\(answer)")
    #expect(try program.left("one") == program.left("runs/whole"))
  }

  /// Rows of about 60 bytes in each of the 63 batches of an epoch: more than what is left of the last page of the file.
  private static let logger = "{plugin: json-lines-logger, every_n_batches: 1"

  @Test func `a logger that finds no space ends the run, which goes on from its checkpoint`() throws {
    try fills(at: 70, until: -1)
    try pipeline(", \(Self.logger)}", batch: 1, epochs: 5, checkpoints: "{every_steps: 20}")
    let script = """
      \(Self.begun); echo "status $?"; rm disk/filler
      trainyard resume disk/one --quiet >resumed 2>&1; echo "status $?"; \(Self.saved)
      """
    guard let answer = try program.run(onSmallDisk: script) else { return }
    let resumed = try readText(program.folder("resumed"))
    #expect(answer.output.hasSuffix("status 1\nstatus 0\n"), "\(answer)\n\(resumed)")
    #expect(
      answer.errors.contains(
        #/error: callback 'json-lines-logger' failed in on_batch_end, epoch \d, batch \d+: cannot write 'FOLDER/disk/one/log.jsonl': No space left on device\n  help:  free some space on that disk\n/#
      ), "\(answer)")
    #expect(try program.left("one") == program.left("runs/whole"))
  }

  @Test func `a logger that may be dropped leaves whole lines, and the run goes on`() throws {
    // Until the epoch's last batch: its end is written by the host.
    try fills(at: 70, until: 126)
    try pipeline(", \(Self.logger), on_error: drop}", batch: 1, epochs: 3, checkpoints: "false")
    let script = "\(Self.begun); status=$?; \(Self.saved); exit $status"
    guard let answer = try program.run(onSmallDisk: script) else { return }
    #expect(answer.status == 0, "\(answer)")
    #expect(
      answer.errors.contains(
        #/warning: callback 'json-lines-logger' failed in on_batch_end, epoch 2, batch \d+: .*; training goes on without it\n/#
      ), "\(answer)")
    let (one, whole) = (try program.left("one"), try program.left("runs/whole"))
    #expect(one["metrics.csv"] == whole["metrics.csv"])
    #expect(one["model/weights.safetensors"] == whole["model/weights.safetensors"])
    let text = try readText(program.folder("one/log.jsonl"))
    let lines = text.split(separator: "\n").map { String($0).replacing(#/"seconds": ?[-+.0-9e]+/#, with: "") }
    #expect(text.hasSuffix("}\n") && lines.count > 64)
    let all = try #require(whole["log.jsonl"])
    #expect(Array(all.prefix(lines.count)) == lines)
  }
}
