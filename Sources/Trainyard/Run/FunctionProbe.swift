import ForeignCalls
import PluginHost

/// Opens or calls a C function of a config in a process that ends.
struct FunctionProbe {
  private let function: FunctionConfig
  private let pins: LibraryPins?

  init(_ function: FunctionConfig, pins: LibraryPins?) {
    self.function = function
    self.pins = pins
  }

  /// Throws what is wrong with library, symbol or types.
  func open() throws {
    var report: WireReader
    do throws(LibraryProbe.Ending) {
      report = try LibraryProbe.answer(of: FunctionGuest.creation(of: function), pins: pins)
    } catch {
      throw FunctionFault.load(error.error(opening: function.signature.library))
    }
    if try !report.bool() { throw try report.functionFault() }
  }

  /// One call with made data: `rows` rows of predictions between 0 and 1 and of classes, weights of 1, metrics of 0.5.
  /// Throws what is wrong with the function, or `LibraryProbe.Ending`.
  func call(within time: Duration) throws -> FunctionValues {
    let sample = FunctionSample(function.signature)
    let (body, arrays) = sample.input.message
    return try withExtendedLifetime(sample) {
      var answer = try LibraryProbe.answer(
        of: FunctionGuest.creation(of: function), call: body, arrays, pins: pins, within: time)
      return try answer.functionAnswer(outputs: function.signature.outputs.count).get()
    }
  }
}

/// Made data of the shape that a function is given: probabilities, as numbers in a row where it asks for their width,
/// and class numbers.
final class FunctionSample {
  static let rows = 16
  private(set) var input = FunctionInput()
  private let predictions: UnsafeMutableBufferPointer<Float>
  private let targets: UnsafeMutableBufferPointer<Int32>

  init(_ signature: ForeignSignature) {
    let width = signature.quantities.contains(.width) ? 3 : 1
    let classes = max(2, width)
    predictions = .allocate(capacity: Self.rows * width)
    targets = .allocate(capacity: Self.rows)
    for row in 0..<Self.rows {
      targets.initializeElement(at: row, to: Int32(row % classes))
      // Each row is right more often than not, and sums to 1 where it has several numbers.
      let sure = Float(row + 1) / Float(Self.rows + 1)
      for column in 0..<width {
        let value = width == 1 ? sure : column == row % classes ? sure : (1 - sure) / Float(width - 1)
        predictions.initializeElement(at: row * width + column, to: value)
      }
    }
    if let base = predictions.baseAddress, signature.data.contains(.prediction) {
      input.bind(.prediction, to: ForeignArray(base, .f32, count: predictions.count))
    }
    if let base = targets.baseAddress, signature.data.contains(.target) {
      input.bind(.target, to: ForeignArray(base, .i32, count: targets.count))
    }
    if signature.data.contains(.weight) { input.bindOnes(.weight, count: Self.rows) }
    for (quantity, value) in [(ForeignQuantity.count, Self.rows), (.width, width), (.epoch, 0), (.step, 1)]
    where signature.quantities.contains(quantity) { input.quantities[quantity] = value }
    for name in signature.metrics { input.metrics[name] = 0.5 }
  }

  deinit {
    predictions.deallocate()
    targets.deallocate()
  }
}
