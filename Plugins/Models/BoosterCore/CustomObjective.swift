import ForeignCalls
import Glibc
import PluginKit

/// The user's own objective: a C function that gives gradient and hessian of the loss for each row and output.
///
///     int32_t objective(int64_t rows, int64_t width, const float *prediction, const float *target,
///                       const float *weight, float *gradient, float *hessian);
///
/// `prediction` are raw scores, row by row; `target` has one number a row (a class number, too), or `width` in a
/// regression of several outputs; `weight` is NULL where every row counts once. It returns 0, or ends the run.
public struct CustomObjective: @unchecked Sendable {
  private typealias Function =
    @convention(c) (
      Int64, Int64, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?,
      UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Float>?
    ) -> Int32

  private let function: Function
  private let symbol: String

  public init(library: String, symbol: String) throws {
    // The library is opened, and the symbol found to be code, as for every function of the user's.
    do {
      _ = try ForeignFunction(
        ForeignSignature(library: library, symbol: symbol, returns: try ForeignType("i32"), arguments: []))
    } catch {
      throw PluginError(
        "the objective: \(error.message)", help: error.help.isEmpty ? nil : error.help)
    }
    guard let handle = dlopen(library, RTLD_NOW | RTLD_LOCAL), let found = dlsym(handle, symbol) else {
      throw PluginError("the objective: '\(library)' has no function '\(symbol)'")
    }
    function = unsafeBitCast(found, to: Function.self)
    self.symbol = symbol
  }

  /// Fills `gradient` and `hessian`, of `rows` · `width` numbers.
  public func differentiate(
    rows: Int, width: Int, _ prediction: UnsafePointer<Float>, _ target: [Float], _ weight: [Float]?,
    gradient: UnsafeMutablePointer<Float>, hessian: UnsafeMutablePointer<Float>
  ) throws {
    let status =
      if let weight {
        function(Int64(rows), Int64(width), prediction, target, weight, gradient, hessian)
      } else {
        function(Int64(rows), Int64(width), prediction, target, nil, gradient, hessian)
      }
    guard status == 0 else { throw PluginError("the objective '\(symbol)' returned \(status)") }
    for index in 0..<rows * width where !(gradient[index].isFinite && hessian[index].isFinite) {
      throw PluginError(
        "the objective '\(symbol)' gave gradient \(gradient[index]) and hessian \(hessian[index]) in row "
          + "\(index / width)")
    }
  }
}
