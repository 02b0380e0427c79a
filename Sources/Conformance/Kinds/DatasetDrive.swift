import CTrainyard
import PluginHost

/// A dataset that is read by hand.
final class DatasetDrive {
  let dataset: DatasetInstance
  let host: ScriptedHost
  private let context: RuleContext
  private let memory: any EventMemory

  /// - Parameter seed: Of the run; by default the context's.
  init(_ context: RuleContext, seed: UInt64? = nil, memory: any EventMemory = HeapMemory()) throws {
    self.context = context
    self.memory = memory
    host = context.host(seed: seed)
    host.memory = memory
    dataset = try context.dataset(host)
  }

  private var lending: Lending { Lending(memory: memory) }

  private func calling<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
    host.callBegins()
    memory.callBegins()
    defer { memory.callEnded() }
    return try context.calling(name, body)
  }

  /// As the host resets before a run.
  func reset() throws {
    host.prepareRun()
    try calling("reset") { try dataset.reset() }
  }

  func state() throws -> SavedState { try calling("state_save") { try dataset.saveState() } }
  func load(_ state: SavedState) throws { try calling("state_load") { try dataset.loadState(state) } }
  func destroy() { try? calling("destroy") { dataset.destroy() } }

  func rowCount() throws -> Int { try calling("row_count") { try dataset.rowCount() } }
  func fields() throws -> [FieldDescription] { try calling("field") { try dataset.fields() } }

  /// Bytes of each field, row after row; one observation for each field and row.
  func read(_ rows: [Int], seed: UInt64 = 0, epoch: Int = 0, only: Int? = nil) throws -> [[[UInt8]]] {
    let fields = try self.fields()
    let numbers = lending.array(rows.map { Int64($0) }, "the row numbers of the request")
    let outputs = fields.enumerated().map { index, field -> UnsafeMutablePointer<ty_tensor>? in
      guard only == nil || only == index else { return nil }
      // Not what the row holds: bytes that the dataset leaves alone show.
      let bytes = [UInt8](repeating: 0xA5, count: rows.count * field.width * field.type.size)
      var tensor = lending.tensor(
        bytes, shape: [rows.count] + field.shape, "the place for '\(field.name)'", isWritable: true,
        alignment: field.type.size)
      tensor.dtype = field.type.dtype
      return lending.place(tensor, "the tensor of '\(field.name)'")
    }
    let list = lending.array(outputs, "the list of tensors")
    return try calling("read") {
      try dataset.read(
        rows: UnsafeBufferPointer(start: numbers, count: rows.count), seed: seed, epoch: epoch,
        into: UnsafeBufferPointer(start: list, count: outputs.count))
      return outputs.enumerated().map { index, tensor in
        guard let data = tensor?.pointee.data else { return [] }
        let size = fields[index].width * fields[index].type.size
        return rows.indices.map { Array(UnsafeRawBufferPointer(start: data + $0 * size, count: size)) }
      }
    }
  }

  /// The bytes of row `row` of a field that the dataset shows as a whole; `nil` where it does not.
  func whole(_ field: Int) throws -> [[UInt8]]? {
    guard let whole = try calling("whole", { try dataset.whole(field) }) else { return nil }
    let size = try fields()[field].width * whole.type.size
    return try (0..<rowCount()).map {
      Array(UnsafeRawBufferPointer(start: whole.start + $0 * size, count: size))
    }
  }
}
