import ForeignCalls
import Support

/// A C library that nobody wrote for us: functions over plain numbers, compiled once for all tests.
final class CLibrary: Sendable {
  static let shared = Result { try CLibrary() }

  let path: String
  private let folder: Folder

  /// Kept as long as the library is used.
  private struct Folder: @unchecked Sendable {
    let folder: TemporaryFolder
  }

  private init() throws {
    let folder = try TemporaryFolder()
    let source = try folder.write("plain.c", Self.source)
    path = try compileLibrary([source], as: "plain", in: folder, flags: ["-fvisibility=default"])
    self.folder = Folder(folder: folder)
  }

  private static let source = """
    #include <stdbool.h>
    #include <stddef.h>
    #include <stdint.h>
    int8_t echo_i8(int8_t x) { return x; }
    int16_t echo_i16(int16_t x) { return x; }
    int32_t echo_i32(int32_t x) { return x; }
    int64_t echo_i64(int64_t x) { return x; }
    uint8_t echo_u8(uint8_t x) { return x; }
    uint16_t echo_u16(uint16_t x) { return x; }
    uint32_t echo_u32(uint32_t x) { return x; }
    uint64_t echo_u64(uint64_t x) { return x; }
    float echo_f32(float x) { return x; }
    double echo_f64(double x) { return x; }
    bool echo_bool(bool x) { return x; }
    size_t echo_usize(size_t x) { return x; }
    double mixed(int8_t a, double b, uint16_t c, float d, int64_t e, bool f) {
      return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f;
    }
    int some_data = 3;
    const double some_constant[2] = {1, 2};
    double error(double x) { return x; }
    double spoil_f32(float *x, size_t n) { double s = 0; for (size_t i = 0; i < n; i++) { s += x[i]; x[i] = -9; } return s; }
    int64_t spoil_text(char *text) { int64_t first = text[0]; text[0] = 'z'; return first; }
    int64_t second_i64(const int64_t *x) { return x[1] - 9007199254740992; }
    double sum_f32(const float *x, size_t n) { double s = 0; for (size_t i = 0; i < n; i++) s += x[i]; return s; }
    double sum_f64(const double *x, size_t n) { double s = 0; for (size_t i = 0; i < n; i++) s += x[i]; return s; }
    int64_t sum_u8(const uint8_t *x, size_t n) { int64_t s = 0; for (size_t i = 0; i < n; i++) s += x[i]; return s; }
    int64_t sum_i64(const int64_t *x, size_t n) { int64_t s = 0; for (size_t i = 0; i < n; i++) s += x[i]; return s; }
    void extremes(const float *x, size_t n, float *low, double *high, double *unused) {
      (void)unused;
      *low = x[0]; *high = x[0];
      for (size_t i = 1; i < n; i++) { if (x[i] < *low) *low = x[i]; if (x[i] > *high) *high = x[i]; }
    }
    int32_t count_calls(int32_t *calls) { return ++*calls; }
    size_t length(const char *text) { size_t n = 0; while (text[n]) n++; return n; }
    double by_element(double (*at)(size_t, void *), size_t n, void *context) {
      double s = 0; for (size_t i = 0; i < n; i++) s = s * 10 + at(i, context); return s;
    }
    void report(int (*tell)(float), int n) { for (int i = 1; i <= n; i++) tell((float)i); }
    """
}

extension CLibrary {
  /// The call of one of its functions, with `args` as JSON.
  static func call(_ symbol: String, _ returns: String, _ args: String = "[]") throws -> ForeignCall {
    guard case .list(let specs) = try SpecValue(json: args) else { throw TestError("args are no list") }
    let signature = ForeignSignature(
      library: try shared.get().path, symbol: symbol, returns: try ForeignType(returns),
      arguments: try SignatureReader().arguments(specs))
    return try ForeignCall(ForeignFunction(signature))
  }
}
