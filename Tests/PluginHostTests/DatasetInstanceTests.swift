import CTrainyard
import PluginHost
import Support
import Testing

@Suite struct DatasetInstanceTests {
  let fixture: Fixture
  let services = RecordingServices()

  init() throws { fixture = try Fixture() }

  private func dataset(_ statements: String = "", _ functions: String = "") throws -> DatasetInstance {
    try DatasetInstance(
      component: try fixture.component("a-dataset", statements, functions), name: "data", options: [:],
      services: services)
  }

  @Test func `fields are described and rows are read by number`() throws {
    let dataset = try dataset()
    #expect(try dataset.rowCount() == 3)
    #expect(
      try dataset.fields() == [
        FieldDescription(
          name: "pixels", role: .feature, type: .float32, shape: [2])
      ])
    let output = OwnedTensor([Float](repeating: 0, count: 4), shape: [2, 2])
    func read() throws {
      var tensor = output.tensor
      try withUnsafeMutablePointer(to: &tensor) { pointer in
        let places: [UnsafeMutablePointer<ty_tensor>?] = [pointer]
        try ([2, 0] as [Int64]).withUnsafeBufferPointer { rows in
          try places.withUnsafeBufferPointer { try dataset.read(rows: rows, seed: 1, epoch: 5, into: $0) }
        }
      }
    }
    #expect(throws: HostError.self) { try read() }
    try dataset.reset()
    try read()
    #expect(output.floats == [2, 5, 0, 5])
    #expect(try dataset.whole(0)?.count == nil)
  }

  static let badAnswers: [(statement: String, words: String)] = [
    ("rows = -1", "the dataset says that it has -1 rows"),
    ("rows = INT64_MAX", "the dataset says that it has 9223372036854775807 rows"),
    ("fields = 0", "the dataset says that it has 0 fields"),
    ("fields = UINT64_MAX", "the dataset says that it has 18446744073709551615 fields"),
    ("fields = 2", "field 1 has the name 'pixels', as another one"),
    ("field.struct_size = 12", "field 0 is malformed: struct_size is 12, and at least 48 bytes are needed"),
    ("field.name = NULL", "field 0 has a name that is NULL"),
    ("field.role = 7", "field 0 ('pixels') has the role 7, which does not exist"),
    (
      "field.dtype.bits = 16",
      "field 0 ('pixels') has elements of another type than u8, i32, i64, f32 and f64"
    ),
    ("field.ndim = -1", "field 0 ('pixels') has -1 dimensions"),
    ("field.shape = NULL", "field 0 ('pixels') has no shape"),
    ("field_shape[0] = 0", "field 0 ('pixels') has 0 in its shape"),
    (
      "field.ndim = 2, field_shape[0] = field_shape[1] = 1ll << 40",
      "field 0 ('pixels') has 1099511627776 in its shape"
    ),
    ("field.category_count = UINT64_MAX", "field 0 ('pixels') has 18446744073709551615 categories"),
    ("field.category_count = 2", "field 0 ('pixels') has categories, and its codes are not integers"),
    (
      "static const char *names[] = {\"a\", \"\\xff\"}; field.category_count = 2; field.categories = names",
      "field 0 has ('pixels') a category that is not UTF-8"
    ),
  ]

  @Test(arguments: badAnswers)
  func `what a dataset says of itself is checked`(statement: String, words: String) throws {
    let dataset = try dataset(statement)
    let found = try error(PluginFailure.self) {
      _ = try dataset.rowCount()
      _ = try dataset.fields()
    }
    #expect(found?.words == words)
  }

  static let whole = """
    static float all[] = {1, 2, 3, 4, 5, 6};
    static int64_t shape[] = {3, 2}, strides[] = {2, 1};
    static ty_tensor tensor = {all, {TY_DEVICE_CPU, 0}, 2, {TY_DTYPE_FLOAT, 32, 1}, shape, strides, 0};
    static ty_status answer = TY_OK;
    static ty_status whole(void *self, uint64_t index, ty_tensor *view) {
      (void)self, (void)index;
      *view = tensor;
      return answer;
    }
    static void use(void) { dataset_table.whole = whole; }
    """

  @Test func `a whole field is a view of the dataset's memory`() throws {
    let dataset = try dataset("use()", Self.whole)
    let field = try #require(try dataset.whole(0))
    #expect(field.count == 6)
    #expect(field.type == .float32)
    #expect(field.start.load(fromByteOffset: 20, as: Float.self) == 6)
    #expect(throws: HostError.self) { try dataset.whole(1) }
    #expect(throws: HostError.self) { try dataset.whole(-1) }
  }

  static let badWholes: [(statement: String, words: String?)] = [
    ("answer = TY_UNSUPPORTED", nil),
    ("answer = TY_FAILED", "the plugin gave no reason"),
    ("shape[0] = 4", "the tensor of 'pixels' has shape [4, 2], and must have [3, 2]"),
    (
      "tensor.dtype.bits = 64, tensor.dtype.code = 0",
      "the tensor of 'pixels' has another type than the field"
    ),
    ("strides[0] = 3", "the tensor of 'pixels' is not contiguous"),
    ("tensor.data = NULL", "the tensor of 'pixels' has no data"),
  ]

  @Test(arguments: badWholes)
  func `a whole field that does not fit is refused`(statement: String, words: String?) throws {
    let dataset = try dataset("use(), \(statement)", Self.whole)
    let found = try error(PluginFailure.self) {
      let field = try dataset.whole(0)
      #expect(field?.count == nil)
    }
    #expect(found?.words == words)
  }
}
