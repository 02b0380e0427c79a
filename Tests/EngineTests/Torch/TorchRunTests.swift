import Glibc
import Support
import Testing

/// Runs of `torch` as a user meets them: stopping, leaving, resuming, resetting, checking.
@Suite(.enabled(if: hasTorch)) struct TorchRunTests {
  private let program = Result { try TorchProgram() }

  private static let moons =
    "data: {train: {dataset: synthetic, shape: moons, rows: 400, noise: 0.2, seed: 3}, validation: {fraction: 0.25}}"

  private func moons(
    _ module: String, model: String = "", epochs: Int = 6, rest: String = "callbacks: [csv-logger]"
  ) throws -> String {
    """
    \(Self.moons)
    model: {plugin: torch, module: \(try TorchProgram.module(module)), learning_rate: 0.02\(model)}
    train: {epochs: \(epochs), batch_size: 16, seed: 3, threads: 1}
    monitors: [accuracy]
    output: {folder: runs}
    checkpoints: {every_steps: 4}
    \(rest)
    """
  }

  @Test func `early stopping brings the best weights back`() throws {
    let program = try program.get()
    try program.write(
      "p.yaml",
      try moons(
        "dropout", model: ", optimizer: sgd, momentum: 0.9", epochs: 60,
        rest: """
          callbacks:
            - {plugin: early-stopping, monitor: val_loss, patience: 2, restore_best_weights: true}
            - {plugin: model-checkpoint, monitor: val_loss, save_best_only: true}
            - csv-logger
          """))
    let ran = try program.run("run", "p.yaml", "--name", "r")
    #expect(ran.status == 0, "\(ran.output)\(ran.errors)")
    #expect(ran.output.contains("stopped by 'early-stopping'"))
    let best = try Shell.check(
      ["sh", "-c", "ls -t runs/r/checkpoints/*.safetensors | head -1"], in: program.path
    )
    .output.split(separator: "\n")[0]
    #expect(try tensors("runs/r/model/weights.safetensors") == tensors(String(best)))
  }

  /// A safetensors file without its header, which says who wrote it.
  private func tensors(_ file: String) throws -> [UInt8] {
    let bytes = try program.get().bytes(file)
    let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    return Array(bytes.dropFirst(8 + length))
  }

  @Test func `mixed precision computes in bfloat16 and keeps weights in float32`() throws {
    let program = try program.get()
    var losses: [String: Double] = [:]
    for precision in ["float32", "bfloat16"] {
      try program.write("p.yaml", try moons("binary", model: ", precision: \(precision)", epochs: 3))
      let ran = try program.run("run", "p.yaml", "--quiet", "--name", precision)
      try #require(ran.status == 0, "\(ran.output)\(ran.errors)")
      let header = try program.bytes("runs/\(precision)/model/weights.safetensors").dropFirst(8).prefix(2000)
      let types = String(decoding: header, as: UTF8.self).split(separator: "\"dtype\":").dropFirst()
      #expect(
        !types.isEmpty && types.allSatisfy { $0.drop(while: \.isWhitespace).hasPrefix("\"F32\"") }, "\(types)"
      )
      let rows = try program.text("runs/\(precision)/metrics.csv").split(separator: "\n")
      let column = try #require(rows.first?.split(separator: ",").firstIndex(of: "loss"))
      losses[precision] = rows.last.flatMap { Double($0.split(separator: ",")[column]) }
    }
    let (exact, mixed) = (try #require(losses["float32"]), try #require(losses["bfloat16"]))
    // Eight bits of a number's digits: not the same, and not far from it.
    #expect(exact != mixed)
    #expect(abs(exact - mixed) < 0.02 * exact, "\(losses)")
  }

  @Test func `a run that was killed goes on to the same weights`() throws {
    let program = try program.get()
    _ = try compileComponents(
      "callback_table.on_batch_end = strikes",
      """
      #include <signal.h>
      #include <unistd.h>
      static ty_status strikes(void *self, const ty_event *event) {
        (void)self;
        if (event->step >= 37 && unlink("armed") == 0) raise(SIGKILL);
        return TY_OK;
      }
      """, as: "strikes", in: program.folder.get())
    // Dropout's random numbers, batch norm's buffers, moments, and a group of batches that waits for its step.
    try program.write(
      "p.yaml",
      try moons(
        "dropout", model: ", accumulate_grad_batches: 3, initialize: reset_parameters", epochs: 30,
        rest: "callbacks: [csv-logger, ./libstrikes.so]"))
    let whole = try program.run("run", "p.yaml", "--quiet", "--name", "whole")
    try #require(whole.status == 0, "\(whole.output)\(whole.errors)")
    try program.write("armed", "")
    #expect(try program.run("run", "p.yaml", "--quiet", "--name", "left").status == 128 + SIGKILL)
    let resumed = try program.run("resume", "runs/left", "--quiet")
    try #require(resumed.status == 0, "\(resumed.output)\(resumed.errors)")
    for name in ["model/weights.safetensors", "log.csv"] {
      #expect(try program.bytes("runs/left/\(name)") == program.bytes("runs/whole/\(name)"), "\(name)")
    }
  }

  @Test func `a missing libtorch is told with the package to install`() throws {
    let program = try program.get()
    // As the library is where the file of that name is not.
    let needed = Array("libtorch_cpu.so".utf8)
    var bytes = try readFile(builtLibrary("torch"))
    let places = bytes.indices.filter { bytes[$0...].starts(with: needed) }
    try #require(!places.isEmpty)
    for place in places {
      bytes.replaceSubrange(place..<place + needed.count, with: Array("libtorch_not.so".utf8))
    }
    try program.write("libtorch.so", bytes)
    let inspected = try program.run("inspect", "./libtorch.so")
    #expect(inspected.status == 2)
    #expect(inspected.errors.contains("it needs 'libtorch_not.so"))
    #expect(inspected.errors.contains("Debian's package is libtorch"))
  }

  @Test func `check finds nothing but what torch itself does`() throws {
    let program = try program.get()
    let checked = try program.run(
      "check", "torch", "--component", "torch", "--level", "strict", "--option",
      "module=" + TorchProgram.module("check"), "--option", "initialize=reset_parameters")
    #expect(checked.status == 0, "\(checked.output)\(checked.errors)")
    let warnings = checked.output.split(separator: "\n").filter {
      $0.contains("warning ") && !$0.contains("passed,")
    }
    // OpenBLAS has a thread as soon as it is opened, and torch allocates its tensors.
    let known = warnings.filter { $0.contains("entry-pure") || $0.contains("batch-allocations") }
    #expect(warnings == known)
  }

  @Test func `the export is checked too`() throws {
    let program = try program.get()
    let checked = try program.run(
      "check", "torch", "--component", "torch-export", "--option", "module=" + TorchProgram.module("check"))
    #expect(checked.status == 0, "\(checked.output)\(checked.errors)")
  }
}
