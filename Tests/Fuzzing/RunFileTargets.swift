import Glibc
import RunStore
import Trainyard

/// What runs leave behind and later ones read.
let runFileTargets = [
  FuzzTarget("recording", "events.jsonl, or a file of traces.", cost: 2) { bytes in
    let path = recording.holding(bytes)
    _ = attempt { try Replay(path) }
    for found in attempt({ try TraceCase.read(path) }) ?? [] {
      _ = attempt { try Replay(path, caseName: found.name, fit: 2) }
    }
  },
  FuzzTarget("model", "Between zero bytes: model.json, preprocessing.json, weights.safetensors.", cost: 2) {
    bytes in
    let pieces = bytes.pieces(3)
    _ = (model.holding(pieces[0]), preprocessing.holding(pieces[1]), weights.holding(pieces[2]))
    guard let folder = attempt({ try ModelFolder(ScratchFile.folder) }) else { return }
    _ = attempt { try folder.preprocessing.validate() }
    _ = JSONWriter.compact(JSONValue(folder.options)).utf8.count
  },
  FuzzTarget("store", "The SQLite file of runs.", cost: 20) { bytes in
    for suffix in ["-wal", "-shm", "-journal"] { store.remove(suffix) }
    let path = store.holding(bytes)
    readStore { try RunStore(path: path, .readOnly) }
    readStore { try RunStore(path: path, .existing) }
  },
]

private let recording = ScratchFile("events.jsonl")
private let model = ScratchFile("model.json")
private let preprocessing = ScratchFile("preprocessing.json")
private let weights = ScratchFile("weights.safetensors")
private let store = ScratchFile("trainyard.db")

private func readStore(_ open: () throws -> RunStore) {
  guard let store = attempt(open), let studies = attempt({ try store.studies() }) else { return }
  _ = attempt { try store.canonicalDump() }
  for study in studies {
    _ = attempt { (try study.counts(), try study.best(), try study.metricNames(), try study.directions()) }
    _ = attempt { try study.nextNumber() }
    for trial in attempt({ try study.trials() }) ?? [] {
      for fit in attempt({ try study.fits(of: trial) }) ?? [] { _ = attempt { try study.metrics(of: fit) } }
    }
    _ = attempt { try study.claimNext(below: 1000) }
  }
}
