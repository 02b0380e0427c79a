import Training

/// The runs of an output folder that can be taken up.
enum UnfinishedRuns {
  /// The newest unfinished run of a plan.
  /// - Parameter allowsChanges: Also one of another config.
  static func newest(of plan: Plan, allowsChanges: Bool) throws -> ResumePoint {
    guard let parent = plan.output.folder else { throw ResumeProblem.noneUnfinished("no output folder") }
    let shown = plan.output.name.map { PathName.join(parent, $0) } ?? parent
    var others: [(folder: String, changes: [String])] = []
    var problem: (any Error)?
    for folder in candidates(parent, plan.output.name) {
      do {
        let point = try ResumePoint(folder)
        if point.isComplete { continue }
        let changes = point.changes(in: plan.resolved)
        if changes.isEmpty || allowsChanges { return point }
        others.append((folder, changes))
      } catch {
        // One that is in use, or damaged, may not be the one that is meant.
        problem = problem ?? error
      }
    }
    if let other = others.first { throw ResumeProblem.changed(other.folder, other.changes) }
    throw problem ?? ResumeProblem.noneUnfinished(shown)
  }

  /// Folders with checkpoints, the run that was begun last before all others. Its own file says when: the times of files
  /// are those of whoever has copied them.
  private static func candidates(_ parent: String, _ name: String?) -> [String] {
    let folders =
      name.map { [PathName.join(parent, $0)] }
      ?? PathName.entries(of: parent).map { PathName.join(parent, $0) }
    var found: [(folder: String, started: Int64)] = []
    for folder in folders {
      let path = PathName.join(folder, RunCheckpoints.folderName)
      if CheckpointStore.numbers(in: path).isEmpty { continue }
      found.append((folder, RunOrigin(reading: path).started))
    }
    return found.sorted { ($0.started, $0.folder) > ($1.started, $1.folder) }.map(\.folder)
  }
}
