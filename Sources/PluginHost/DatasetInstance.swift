import CTrainyard

/// An instance of a dataset: rows by number. Rows and fields depend on the options alone and are read once.
public final class DatasetInstance: Instance {
  private let table: ty_dataset
  private var knownRowCount: Int?
  private var knownFields: [FieldDescription]?

  public init(
    component: ComponentDescription, name: String, options: [String: OptionValue], services: any HostServices
  ) throws {
    guard case .dataset(let table)? = component.table else {
      throw HostError.otherKind(component: component.id, found: component.kind, expected: .dataset)
    }
    self.table = table
    try super.init(
      LifeCycle(
        kind: .dataset, create: table.create, destroy: table.destroy, save: table.state_save,
        load: table.state_load),
      component: component, name: name, options: options, services: services)
  }

  public func reset() throws { try runReset { table.reset?(instance) ?? TY_FAILED } }

  public func rowCount() throws -> Int {
    if let knownRowCount { return knownRowCount }
    try require(.rowCount, InstanceState.live)
    let count = try ask(.rowCount) { table.row_count?(instance) ?? -1 }
    guard count >= 0, count < 1 << 48 else {
      throw context.failure(of: .rowCount, "the dataset says that it has \(count) rows")
    }
    knownRowCount = Int(count)
    return Int(count)
  }

  public func fields() throws -> [FieldDescription] {
    if let knownFields { return knownFields }
    try require(.field, InstanceState.live)
    let count = try ask(.fieldCount) { table.field_count?(instance) ?? 0 }
    guard count > 0, count <= FieldReader.mostFields else {
      throw context.failure(of: .fieldCount, "the dataset says that it has \(count) fields")
    }
    var fields: [FieldDescription] = []
    var names: Set<String> = []
    for index in 0..<count {
      let pointer = try ask(.field) { table.field?(instance, index) }
      do {
        let field = try FieldReader.field(pointer)
        guard names.insert(field.name).inserted else {
          throw TensorCheck.Fault(words: "has the name '\(field.name)', as another one")
        }
        fields.append(field)
      } catch let fault as TensorCheck.Fault {
        throw context.failure(of: .field, "field \(index) \(fault.words)")
      }
    }
    knownFields = fields
    return fields
  }

  /// Fills `outputs[i]`, of shape [rows, field's shape], for each field; `nil` is not wanted. The row numbers must
  /// exist. May run on a loader thread, one call at a time.
  public func read(
    rows: UnsafeBufferPointer<Int64>, seed: UInt64, epoch: Int,
    into outputs: UnsafeBufferPointer<UnsafeMutablePointer<ty_tensor>?>
  ) throws {
    try require(.read, InstanceState.whole)
    guard try outputs.count == fields().count else {
      throw HostError.wrongArgument(
        instance: name, call: "read", reason: "\(outputs.count) places for \(try fields().count) fields")
    }
    var request = ty_read()
    request.struct_size = UInt32(MemoryLayout<ty_read>.size)
    request.rows = rows.baseAddress
    request.row_count = Int64(rows.count)
    request.seed = seed
    request.epoch = Int64(epoch)
    try run(.read) { table.read?(instance, &request, outputs.baseAddress) ?? TY_FAILED }
  }

  /// The memory of field `index`, or `nil` where the dataset gives none.
  public func whole(_ index: Int) throws -> WholeField? {
    try require(.whole, InstanceState.live)
    guard let function = table.whole else { return nil }
    let fields = try fields()
    guard fields.indices.contains(index) else {
      throw HostError.wrongArgument(instance: name, call: "whole", reason: "there is no field \(index)")
    }
    var tensor = ty_tensor()
    do {
      try run(.whole) { function(instance, UInt64(index), &tensor) }
    } catch let failure as PluginFailure where failure.code == TY_UNSUPPORTED {
      return nil
    }
    return try check(tensor, fields[index])
  }

  private func check(_ tensor: ty_tensor, _ field: FieldDescription) throws -> WholeField? {
    let size: Int
    switch TensorCheck.size(tensor) {
    case .success(let bytes): size = bytes
    case .failure(let fault):
      throw context.failure(of: .whole, "the tensor of '\(field.name)' \(fault.words)")
    }
    guard let type = ElementType(tensor.dtype), type == field.type else {
      throw context.failure(of: .whole, "the tensor of '\(field.name)' has another type than the field")
    }
    let expected = [Int64(try rowCount())] + field.shape.map(Int64.init)
    let shape = TensorCheck.shape(tensor)
    guard shape == expected else {
      throw context.failure(
        of: .whole, "the tensor of '\(field.name)' has shape \(shape), and must have \(expected)")
    }
    guard size > 0, let start = TensorCheck.start(tensor) else { return nil }
    return WholeField(start: UnsafeRawPointer(start), count: size / type.size, type: type)
  }
}
