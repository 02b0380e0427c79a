import PluginKit

extension Network {
  /// The named view of a parameter, in the memory of the parameters or in another of the same layout.
  func tensor(at index: Int, of base: UnsafeMutablePointer<Float>) -> Weight {
    let layer = layout.layers[index / 2]
    let name = "layers.\(index / 2)"
    return index.isMultiple(of: 2)
      ? Weight(
        name: name + ".weight",
        tensor: TensorView(base + layer.weights, .float32, shape: TensorShape(layer.inputs, layer.outputs)))
      : Weight(
        name: name + ".bias",
        tensor: TensorView(base + layer.bias, .float32, shape: TensorShape(layer.outputs)))
  }
}

extension Weight {
  /// Copies numbers into this tensor's memory.
  func copy(from view: TensorView) throws {
    guard view.type == tensor.type, view.shape == tensor.shape else {
      throw PluginError(
        "'\(name)' is \(tensor.type) \(tensor.shape.array), and what is loaded is "
          + "\(view.type) \(view.shape.array)",
        help: "load what a model of the same 'hidden' and features has saved")
    }
    _ = tensor.floats.update(fromContentsOf: view.floats)
  }
}
