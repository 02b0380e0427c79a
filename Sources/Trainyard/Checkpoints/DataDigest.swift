import Training

/// What a dataset holds, in one number: a run that went on with as many other rows would end as neither of two runs.
///
/// Of fields that are in memory every byte counts, up to 64 MiB in all; of more, every n-th block of 4 KiB. Of fields that
/// are read, 64 rows. It finds what was changed by mistake, and is no protection against forgery.
final class DataDigest {
  /// As messages name the dataset.
  let name: String
  private let views: [Tensor]
  /// Of all but the views.
  private let start: Checksum

  private static let mostBytes = 64 << 20
  private static let block = 4096
  private static let mostRowsRead: Int64 = 64

  /// To be made before anyone reads the rows of an epoch. The dataset must outlive it.
  init(_ source: any DataSource, seed: UInt64) throws {
    name = source.name
    var views: [Tensor] = []
    var sum = Checksum()
    var read: [Int] = []
    for (index, field) in source.fields.enumerated() {
      Self.add(field, to: &sum)
      if let view = try source.whole(index) { views.append(view) } else { read.append(index) }
    }
    if !read.isEmpty { try Self.addRows(of: source, read, seed, to: &sum) }
    self.views = views
    start = sum
  }

  /// Categories, too: the same codes under other names are other data.
  private static func add(_ field: DataField, to sum: inout Checksum) {
    let facts = [field.name, "\(field.role)", field.type.name, "\(field.shape)", "\(field.categoryCount)"]
    let text = (facts + field.categories).joined(separator: "\0") + "\n"
    Array(text.utf8).withUnsafeBytes { sum.add($0) }
  }

  private static func addRows(
    of source: any DataSource, _ fields: [Int], _ seed: UInt64, to sum: inout Checksum
  ) throws {
    let all = Int64(source.rowCount)
    let count = min(all, mostRowsRead)
    guard count > 0 else { return }
    // The first and the last are among them.
    let rows = (0..<count).map { count == 1 ? 0 : $0 * (all - 1) / (count - 1) }
    var outputs = [Tensor?](repeating: nil, count: source.fields.count)
    for index in fields {
      let field = source.fields[index]
      outputs[index] = Tensor(zeros: field.type, shape: [rows.count] + field.shape)
    }
    try rows.withUnsafeBufferPointer { try source.read($0, seed: seed, epoch: 0, into: outputs) }
    for case let output? in outputs { sum.add(UnsafeRawBufferPointer(output.bytes)) }
  }

  /// Eight digits. Computed once, when they are first asked for.
  private(set) lazy var hex: String = {
    var sum = start
    let total = views.reduce(0) { $0 + $1.byteCount }
    let stride = max(1, (total + Self.mostBytes - 1) / Self.mostBytes)
    for view in views { Self.add(view, every: stride, to: &sum) }
    return sum.hex
  }()

  private static func add(_ view: Tensor, every stride: Int, to sum: inout Checksum) {
    let bytes = UnsafeRawBufferPointer(view.bytes)
    guard stride > 1 else { return sum.add(bytes) }
    for from in Swift.stride(from: 0, to: bytes.count, by: block * stride) {
      sum.add(UnsafeRawBufferPointer(rebasing: bytes[from..<min(from + block, bytes.count)]))
    }
    sum.add(UnsafeRawBufferPointer(rebasing: bytes.suffix(block)))
  }
}

/// The digests of the datasets of a run: that of the training data first, then that of the validation data where it
/// is another.
final class DataDigests {
  private let digests: [DataDigest]

  /// - Parameter sources: Of training, and of validation.
  init(_ sources: [any DataSource], seed: UInt64) throws {
    var different: [any DataSource] = []
    for source in sources where !different.contains(where: { $0 === source }) { different.append(source) }
    digests = try different.map { source in
      do { return try DataDigest(source, seed: seed) } catch {
        throw failure(error, part: source.name, call: "read")
      }
    }
  }

  var all: [String] { digests.map(\.hex) }

  /// The names of those that are not what they were. Of a run that has none, nothing is known.
  func changed(since before: [String]) -> [String] {
    guard before.count == digests.count else { return [] }
    return zip(digests, before).compactMap { $0.hex == $1 ? nil : $0.name }
  }
}
