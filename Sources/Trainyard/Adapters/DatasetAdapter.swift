import CTrainyard
import PluginHost
import Training

/// A dataset plugin as the loop sees it: rows by number.
final class DatasetAdapter: DataSource {
  let name: String
  let rowCount: Int
  let fields: [DataField]
  private let instance: any DatasetCalls
  let context: InstanceContext
  private let outputs: [CTensor]
  private let rows: UnsafeMutablePointer<ty_tensor>
  private let pointers: UnsafeMutablePointer<UnsafeMutablePointer<ty_tensor>?>

  init(_ planned: PlannedInstance, run: RunContext) throws {
    name = planned.party
    context = InstanceContext(run: run, effects: EffectQueue(), party: planned.party, name: planned.name)
    instance = try context.creating { [context] in try planned.makeDataset(context) }
    rowCount = try instance.rowCount()
    fields = try instance.fields().map { try DataField($0) }
    outputs = fields.map { _ in CTensor() }
    rows = .allocate(capacity: max(1, fields.count))
    rows.initialize(repeating: ty_tensor(), count: max(1, fields.count))
    pointers = .allocate(capacity: max(1, fields.count))
    pointers.initialize(repeating: nil, count: max(1, fields.count))
  }

  deinit {
    rows.deallocate()
    pointers.deallocate()
  }

  func reset() throws {
    context.rewind()
    try instance.reset()
  }

  /// The most rows whose numbers are held in memory: eight bytes each.
  private static let mostRows = 1 << 32

  /// Every row's number.
  func allRows() throws -> [Int64] {
    guard rowCount <= Self.mostRows else {
      throw DataError(
        .noRows,
        "\(name) says that it has \(rowCount) rows, and \(Self.mostRows) is the most that can be used",
        help: "check the dataset")
    }
    return (0..<Int64(rowCount)).map { $0 }
  }

  func read(_ rows: UnsafeBufferPointer<Int64>, seed: UInt64, epoch: Int, into outputs: [Tensor?]) throws {
    for index in fields.indices {
      guard let tensor = outputs[index] else {
        pointers[index] = nil
        continue
      }
      self.rows[index] = self.outputs[index].describe(tensor)
      pointers[index] = self.rows + index
    }
    try instance.read(
      rows: rows, seed: seed, epoch: epoch, into: UnsafeBufferPointer(start: pointers, count: fields.count))
  }

  func whole(_ field: Int) throws -> Tensor? {
    guard let whole = try instance.whole(field) else { return nil }
    // Never written to: gathering reads it.
    let base = UnsafeMutableRawPointer(mutating: whole.start)
    return Tensor(base, fields[field].type, shape: [rowCount] + fields[field].shape)
  }
}

extension DataField {
  init(_ field: FieldDescription) throws {
    guard let type = Training.ElementType(field.type.dtype),
      let role = FieldRole(rawValue: Int(field.role.rawValue))
    else { throw LoopError("field '\(field.name)' has a type or role that this host does not know") }
    self.init(
      name: field.name, role: role, type: type, shape: field.shape, categoryCount: field.categoryCount,
      categories: field.categories)
  }
}
