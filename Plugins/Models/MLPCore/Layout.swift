import PluginKit

/// One dense layer: where its parameters and values lie.
struct Layer {
  var inputs: Int
  var outputs: Int
  /// Into the parameters. Weights are `[inputs, outputs]`, row-major.
  var weights: Int
  var bias: Int
  /// Into the workspace, in floats for each row that it has room for.
  var values: Int
  var slopes: Int

  var weightCount: Int { inputs * outputs }
}

/// Where everything lies in two pieces of memory: the parameters, one after the other, each beginning at a
/// multiple of 64 bytes; and a workspace that is as long as the batch.
struct Layout: Equatable {
  /// Number of features, widths of the hidden layers, width of the output.
  let sizes: [Int]
  let layers: [Layer]
  /// Floats, with padding, which stays 0.
  let parameterCount: Int
  /// Floats of the workspace for each row: values, slopes, two gradients of values, the losses.
  let workspaceWidth: Int
  let deltas: (Int, Int)
  let losses: Int

  init(features: Int, hidden: [Int], outputs: Int) throws {
    sizes = [features] + hidden + [outputs]
    let width = try Layout.checkedSum(sizes.map { ($0, 4) })
    _ = try Layout.checkedSum(zip(sizes, sizes.dropFirst()).map { ($0 + 1, $1 + 16) } + [(width, 1)])

    var layers: [Layer] = []
    var parameters = 0
    var values = 0
    for (inputs, outputs) in zip(sizes, sizes.dropFirst()) {
      let bias = parameters + FloatMemory.padded(inputs * outputs)
      layers.append(
        Layer(
          inputs: inputs, outputs: outputs, weights: parameters, bias: bias, values: values,
          slopes: values + outputs))
      parameters = bias + FloatMemory.padded(outputs)
      values += 2 * outputs
    }
    self.layers = layers
    parameterCount = parameters
    let widest = layers.map(\.outputs).max() ?? 0
    deltas = (values, values + widest)
    losses = values + 2 * widest
    workspaceWidth = losses + 1
  }

  static func == (a: Layout, b: Layout) -> Bool { a.sizes == b.sizes }

  /// Sums products of sizes, which come from the user, and refuses what no memory can hold.
  private static func checkedSum(_ products: [(Int, Int)]) throws -> Int {
    var sum = 0
    for (a, b) in products {
      let (product, overflow) = a.multipliedReportingOverflow(by: b)
      guard !overflow, a <= Int32.max, product < 1 << 40, sum < 1 << 40 else {
        throw PluginError("layers of such widths do not fit into memory", help: "make 'hidden' smaller")
      }
      sum += product
    }
    return sum
  }
}
