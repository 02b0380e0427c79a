import Glibc
import Trainyard

/// What a run goes on from after a crash, which is also what somebody else may hand over.
let checkpointTargets = [
  FuzzTarget(
    "checkpoint",
    "Between zero bytes: state.json, history.jsonl, undo.jsonl, crash.txt, the manifest or nothing, tensors.",
    cost: 4
  ) { bytes in
    let pieces = bytes.pieces(6)
    let run = RunToResume()
    run.fill(pieces)
    guard let point = attempt({ try ResumePoint(run.folder) }) else { return }
    _ = (point.position, point.warnings.joined().utf8.count)
    if let config = attempt({ try point.config() }) { _ = point.changes(in: JSONValue(config.node)) }
    _ = attempt { try point.putBackFiles() }
    run.checkOutside()
  },
  FuzzTarget("lock", "A lock of libraries.") { bytes in
    _ = lock.holding(bytes)
    _ = attempt { try LockFile.pins(beside: ScratchFile.folder) }
  },
]

private let lock = ScratchFile(LockFile.name)

/// A run's folder with one checkpoint, made anew for each input, with a link out of it and a file beside it.
private struct RunToResume {
  let folder = ScratchFile.folder + "/run"
  private let outside = ScratchFile("outside")

  init() {
    ScratchFile.remove(folder: folder)
    _ = outside.holding(Array("outside".utf8))
    for path in ["", "/resume", "/resume/kept", "/resume/00000001", "/checkpoints"] {
      mkdir(folder + path, 0o700)
    }
    symlink("..", folder + "/link")
    put("metrics.csv", Array("epoch,loss\n0,1.5\n1,1.25\n".utf8))
    put("checkpoints/best.safetensors", [1, 2, 3])
    put("resume/kept/000001", Array("as it was".utf8))
    put("config.json", Array("{\"seed\": 1}".utf8))
  }

  func fill(_ pieces: [[UInt8]]) {
    let state = marked(pieces[0], history: pieces[1])
    put("resume/00000001/state.json", state)
    put("resume/00000001/tensors.safetensors", pieces[5])
    put("resume/00000001/manifest.txt", manifest(pieces[4], state: state, tensors: pieces[5]))
    put("resume/history.jsonl", pieces[1])
    put("resume/undo.jsonl", pieces[2])
    if !pieces[3].isEmpty { put("resume/crash.txt", pieces[3]) }
  }

  /// Whatever names a checkpoint has, what is not of its run stays as it is.
  func checkOutside() {
    var info = stat()
    require(stat(outside.path, &info) == 0 && info.st_size == 7, "a file outside the run is left alone")
  }

  private func put(_ name: String, _ bytes: [UInt8]) { _ = ScratchFile("run/" + name).holding(bytes) }

  /// The state with length and checksum of the history: they would never be right by chance.
  private func marked(_ state: [UInt8], history: [UInt8]) -> [UInt8] {
    guard let text = String(validating: state, as: UTF8.self),
      let members = attempt({ try JSONValue(parsing: text, from: "state.json") })?.members
    else { return state }
    let value = JSONValue.object(
      members.map { member in
        guard member.name == "history", let epochs = member.value["epochs"] else { return member }
        return JSONValue.Member(
          "history",
          ["epochs": epochs, "bytes": .int(Int64(history.count)), "crc32": .string(Checksum(history).hex)])
      })
    return Array(JSONWriter.compact(value).utf8)
  }

  /// The lines that are given, or those that are right; a checksum at the end that is right.
  private func manifest(_ given: [UInt8], state: [UInt8], tensors: [UInt8]) -> [UInt8] {
    var lines = given
    if lines.isEmpty {
      let title = "trainyard checkpoint 1\n"
      let files = [("state.json", state), ("tensors.safetensors", tensors)]
      lines = Array((title + files.map { "\($1.count) \(Checksum($1).hex) \($0)\n" }.joined()).utf8)
    }
    return lines + Array("end \(Checksum(lines).hex)\n".utf8)
  }
}
