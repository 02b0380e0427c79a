import Training

/// All that a checkpoint holds: the state of the run, what it was a run of, and how far its files had come.
struct CheckpointContents: Sendable {
  /// Of the format. A program refuses what is newer than itself.
  static let format = 1

  var run = RunState()
  /// The config as it was resolved, for comparison: without the paths of libraries, which no checkpoint names.
  var config = JSONValue.object([])
  var plugins: [PluginIdentity] = []
  var data = DataIdentity()
  var files = FileLengths()
  /// What the run's outputs remember beside their files.
  var outputs = OutputState()
  /// What a search for a learning rate has found.
  var foundLearningRate: Double?
  /// The run has ended: there is nothing to go on with but more epochs.
  var isComplete = false
}

extension CheckpointContents {
  /// What all checkpoints of a run have in common.
  init(_ plan: Plan, _ prepared: PreparedData, _ training: BatchLoader, _ validation: BatchLoader?) {
    config = plan.resolved.withoutLibraryPaths
    plugins = PluginIdentity.all(plan)
    data = DataIdentity(
      trainingRows: training.rows.count, validationRows: validation?.rows.count ?? 0,
      batchesPerEpoch: training.batchCount, featureShape: prepared.task.featureShape)
  }

  func finding(_ learningRate: Double?) -> CheckpointContents {
    var contents = self
    contents.foundLearningRate = learningRate
    return contents
  }
}

/// An instance of a run: never the path of its library.
struct PluginIdentity: Sendable, Equatable {
  var kind: String
  var name: String
  var id: String
  var version: String
}

/// What a run's data came to: other data is another run.
struct DataIdentity: Sendable, Equatable {
  var trainingRows = 0
  var validationRows = 0
  var batchesPerEpoch = 0
  var featureShape: [Int] = []
  /// Of the values, see `DataDigest`: of the training data and, where it is another dataset, of the validation data.
  /// Empty: not known.
  var digests: [String] = []
}

/// The length of every file of the run's folder that is appended to, by name.
typealias FileLengths = [String: Int]

/// What the writers of a run's own files remember beside them.
struct OutputState: Sendable, Equatable {
  /// Of `metrics.csv`; empty before its first row.
  var columns: [String] = []
  var warnings: [String] = []
  /// Of the recording's clock.
  var recordedSeconds = 0.0
}

/// A checkpoint that cannot be used.
struct CheckpointDamage: Error, CustomStringConvertible, Equatable {
  var path: String
  var detail: String
  var description: String { "the checkpoint '\(path)' cannot be used: \(detail)" }
}

extension JSONValue {
  /// A config in which libraries stand by their names alone.
  var withoutLibraryPaths: JSONValue {
    switch self {
    case .array(let values): return .array(values.map(\.withoutLibraryPaths))
    case .object(let members):
      return .object(
        members.map { member in
          guard ["plugin", "dataset", "library"].contains(member.name), let path = member.value.string else {
            return Member(member.name, member.value.withoutLibraryPaths)
          }
          return Member(member.name, .string(PathName.last(of: path)))
        })
    default: return self
    }
  }
}
