import CTrainyard

/// A dataset behind the host's `self` pointer. Fields are described once, when it is created.
class DatasetBox: Box {
  let fields: [Field]
  fileprivate let rows: [UnsafePointer<ty_field>]
  fileprivate let layouts: [TensorLayout]
  fileprivate let rowCount: Int

  init(host: Host, fields: [Field], rowCount: Int) {
    self.fields = fields
    self.rowCount = rowCount
    rows = fields.map { UnsafePointer(Immortal.value(makeField($0))) }
    layouts = fields.map { _ in TensorLayout() }
    super.init(host: host)
  }

  deinit { for row in rows { freeField(row) } }

  func read(_ request: ReadRequest, into outputs: [TensorView?]) throws {}
  func whole(_ field: Int) -> TensorView? { nil }
}

final class TypedDatasetBox<P: Dataset>: DatasetBox {
  let plugin: P

  init(_ plugin: P, host: Host) {
    self.plugin = plugin
    super.init(host: host, fields: plugin.fields, rowCount: plugin.rowCount)
  }

  override func reset(seed: UInt64, task: TaskDescription?) throws { try plugin.reset() }
  override func save(to sink: StateSink) throws { try sink.encode(plugin.progress) }
  override func load(from source: StateSource) throws {
    plugin.progress = try source.decode(over: plugin.progress)
  }
  override func read(_ request: ReadRequest, into outputs: [TensorView?]) throws {
    try plugin.read(request, into: outputs)
  }
  override func whole(_ field: Int) -> TensorView? { plugin.whole(field) }
}

final class DatasetFactory<P: Dataset>: Factory {
  override func make(_ host: Host) throws -> Box {
    TypedDatasetBox(try makeInstance(P.self, host: host), host: host)
  }
}

extension Dataset {
  public static func exportTable() -> ExportedTable {
    var table = ty_dataset()
    table.struct_size = UInt32(MemoryLayout<ty_dataset>.size)
    table.create = createInstance
    table.destroy = destroyInstance
    table.reset = resetInstance
    table.state_save = saveInstance
    table.state_load = loadInstance
    table.row_count = { pointer in
      guard let box = Box.from(pointer, as: DatasetBox.self) else { return 0 }
      return box._withUnsafeGuaranteedRef { Int64($0.rowCount) }
    }
    table.field_count = { pointer in
      guard let box = Box.from(pointer, as: DatasetBox.self) else { return 0 }
      return box._withUnsafeGuaranteedRef { UInt64($0.fields.count) }
    }
    table.field = { pointer, index in
      guard let box = Box.from(pointer, as: DatasetBox.self) else { return nil }
      return box._withUnsafeGuaranteedRef { index < $0.rows.count ? $0.rows[Int(index)] : nil }
    }
    table.read = { pointer, request, fields in
      guard let box = Box.from(pointer, as: DatasetBox.self), let request, let fields else {
        return TY_FAILED
      }
      return box._withUnsafeGuaranteedRef { box in
        box.attempt {
          let outputs = box.fields.indices.map { index in fields[index].flatMap { TensorView($0.pointee) } }
          let rows = UnsafeBufferPointer(start: request.pointee.rows, count: Int(request.pointee.row_count))
          try box.read(
            ReadRequest(rows: rows, seed: request.pointee.seed, epoch: Int(request.pointee.epoch)),
            into: outputs)
        }
      }
    }
    table.whole = { pointer, field, result in
      guard let box = Box.from(pointer, as: DatasetBox.self), let result else { return TY_FAILED }
      return box._withUnsafeGuaranteedRef { box in
        guard field < box.fields.count, let view = box.whole(Int(field)) else { return TY_UNSUPPORTED }
        result.pointee = box.layouts[Int(field)].tensor(view)
        return TY_OK
      }
    }
    return ExportedTable(
      kind: TY_KIND_DATASET, table: UnsafeRawPointer(Immortal.value(table)), factory: DatasetFactory<Self>())
  }
}

private func makeField(_ field: Field) -> ty_field {
  let names: [UnsafePointer<CChar>?] = field.categories.map(Immortal.string)
  return ty_field(
    struct_size: UInt32(MemoryLayout<ty_field>.size), role: field.role.rawValue,
    name: Immortal.string(field.name), dtype: field.type.cType, ndim: Int32(field.shape.count),
    shape: UnsafePointer(Immortal.array(field.shape.map { Int64($0) })),
    category_count: UInt64(field.categoryCount), categories: UnsafePointer(Immortal.array(names)))
}

private func freeField(_ row: UnsafePointer<ty_field>) {
  if let name = row.pointee.name { Immortal.free(name) }
  if let categories = row.pointee.categories {
    for index in 0..<Int(row.pointee.category_count) {
      if let text = categories[index] { Immortal.free(text) }
    }
    UnsafeMutablePointer(mutating: categories).deallocate()
  }
  row.pointee.shape?.deallocate()
  row.deallocate()
}
