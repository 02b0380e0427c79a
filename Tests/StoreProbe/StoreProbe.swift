import CSQLite
import Glibc
import RunStore

/// What tests have other processes do with a store.
///
///     store-probe work STORE COUNT     claims trials below COUNT until none is left, and says which
///     store-probe hold STORE READY     claims a trial, records a fit, makes the file READY and waits to be killed
///     store-probe transact STORE READY the same in the middle of a large transaction
@main
struct StoreProbe {
  static func main() {
    signal(SIGXFSZ, SIG_IGN)
    do { try run(CommandLine.arguments) } catch {
      print("\(error)")
      exit(1)
    }
  }

  private static func run(_ words: [String]) throws {
    guard words.count == 4 else { exit(2) }
    switch words[1] {
    case "work": try work(words[2], Int(words[3]) ?? 0)
    case "hold": try hold(words[2], ready: words[3])
    case "transact": try transact(words[2], ready: words[3])
    default: exit(2)
    }
  }

  private static func study(_ path: String) throws -> Study {
    try RunStore(path: path).openStudy(
      name: "s", kind: .search, configDigest: "d", config: "{}", objective: "loss", direction: .min)
  }

  private static let epochs = 20

  private static func work(_ path: String, _ count: Int) throws {
    let study = try study(path)
    while var trial = try study.claimNext(below: count) {
      let seed = UInt64(trial.number)
      if trial.parameters == nil {
        try study.propose(&trial, parameters: "{\"x\": \(trial.number)}", seed: seed)
      }
      for fold in 0..<2 {
        let metrics = (0..<epochs).map {
          MetricRecord(epoch: $0, name: "loss", value: Double(trial.number) / Double($0 + fold + 1))
        }
        try study.record(FitRecord(fold: fold, seed: seed, outcome: "finished"), metrics, of: trial)
      }
      try study.finish(trial, .finished, value: Double(trial.number))
      print(trial.number)
    }
  }

  private static func hold(_ path: String, ready: String) throws {
    let study = try study(path)
    guard let trial = try study.claimNext(below: 1) else { exit(3) }
    try study.record(
      FitRecord(outcome: "finished"), [MetricRecord(epoch: 0, name: "old", value: 1)], of: trial)
    wait(ready)
  }

  private static func transact(_ path: String, ready: String) throws {
    _ = try study(path)
    var database: OpaquePointer?
    sqlite3_open(path, &database)
    // Pages that do not fit into so small a cache go into the log before the transaction ends.
    let sql = """
      PRAGMA cache_size = 5; BEGIN IMMEDIATE;
      INSERT INTO trials (study, number, state) SELECT 1, 0, 'finished';
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
        INSERT INTO trials (study, number, state, error) SELECT 1, i, 'failed', hex(randomblob(50)) FROM n;
      """
    guard sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else { exit(3) }
    wait(ready)
  }

  private static func wait(_ ready: String) -> Never {
    close(open(ready, O_WRONLY | O_CREAT, 0o644))
    while true { pause() }
  }
}
