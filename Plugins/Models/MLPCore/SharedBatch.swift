import MLPKernels

/// A batch that several threads do together. First each takes some of its rows, through all layers and back; then each
/// takes some of the parameters: their gradient, and their step where it is due. No sum is divided between threads, so
/// the result is the same, bit for bit, with any number of them.
extension Network {
  enum Job {
    case none
    /// Forward, and with the progress of a training run also backward, to the gradient of each layer's sums.
    case rows(Examples, training: Progress?)
    case gradient(Examples, adding: Bool, then: Update?)
    case update(Update)
  }

  /// What is not divided further: rows and inputs as tiles of the products have them, and a cache line of outputs.
  private static let portion = (rows: 8, inputs: 12, outputs: 16)
  /// Multiplications of a batch's forward pass from which handing it over pays.
  private static let worthSharing = 1 << 20
  /// Inputs of a layer, the gradient of whose weights is still in a cache when their step is made.
  private static let inputsAtOnce = 192

  /// Whether the team does a batch of so many rows. OpenBLAS has threads of its own.
  func isShared(rows: Int) -> Bool {
    guard let team, rows >= Self.portion.rows &* team.threads else { return false }
    return products.areOwn(rows: rows, layout)
      && rows &* layout.layers.reduce(0) { $0 &+ $1.weightCount } >= Self.worthSharing
  }

  func share(_ job: Job) {
    self.job = job
    team?.work(on: self)
    self.job = .none
  }

  /// One thread's part of the job.
  func work(_ share: Share) {
    switch job {
    case .none: break
    case .rows(let examples, let progress):
      let rows = share.part(of: examples.rows, portion: Self.portion.rows)
      if rows.isEmpty { return }
      forward(examples, rows, progress)
      if progress != nil { backward(examples, rows) }
    case .gradient(let examples, let adding, let update): learn(examples, share, adding, update)
    case .update(let update): step(share, update)
    }
  }

  // MARK: By rows

  private func forward(_ examples: Examples, _ rows: Range<Int>, _ progress: Progress?) {
    let last = layout.layers.count - 1
    var input = examples.features + rows.lowerBound &* layout.layers[0].inputs
    for index in 0...last {
      let layer = layout.layers[index]
      let first = rows.lowerBound &* layer.outputs
      let values = work(layer.values) + first
      products.forward(
        values, input, parameters + layer.weights, bias: parameters + layer.bias, rows: rows.count,
        of: examples.rows, layer)
      if index < last { activate(layer, values, first, rows.count &* layer.outputs, progress, index) }
      input = UnsafePointer(values)
    }
    let first = rows.lowerBound &* output.width
    output.activate(predictions + first, losses: losses + rows.lowerBound, examples.part(rows, output))
  }

  private func activate(
    _ layer: Layer, _ values: UnsafeMutablePointer<Float>, _ first: Int, _ count: Int, _ progress: Progress?,
    _ index: Int
  ) {
    guard let progress else { return mlp_activate(values, nil, count, activation) }
    let slopes = work(layer.slopes) + first
    mlp_activate(values, slopes, count, activation)
    if progress.dropout > 0 {
      mlp_dropout(values, slopes, first, count, progress.dropout, progress.dropoutKey(UInt64(index) &+ 1))
    }
  }

  /// The gradient of each layer's sums takes the place of its slopes, of which the last layer has none.
  private func backward(_ examples: Examples, _ rows: Range<Int>) {
    var index = layout.layers.count - 1
    let first = rows.lowerBound &* output.width
    var delta = work(layout.layers[index].slopes) + first
    output.gradient(delta, of: predictions + first, examples.part(rows, output))
    while index > 0 {
      let layer = layout.layers[index]
      let first = rows.lowerBound &* layer.inputs
      let sums = work(layout.deltas.0) + first
      products.inputGradient(
        sums, delta, parameters + layer.weights, rows: rows.count, of: examples.rows, layer)
      index -= 1
      delta = work(layout.layers[index].slopes) + first
      mlp_multiply(delta, sums, rows.count &* layer.inputs)
    }
  }

  // MARK: By parameters

  /// A thread's part of a layer: the weights of some inputs, the biases of some outputs.
  private func part(_ share: Share, of layer: Layer) -> (inputs: Range<Int>, outputs: Range<Int>) {
    (
      share.part(of: layer.inputs, portion: Self.portion.inputs),
      share.part(of: layer.outputs, portion: Self.portion.outputs)
    )
  }

  private func learn(_ examples: Examples, _ share: Share, _ adding: Bool, _ update: Update?) {
    for index in layout.layers.indices.reversed() {
      let layer = layout.layers[index]
      let delta = work(layer.slopes)
      let input = index == 0 ? examples.features : UnsafePointer(work(layout.layers[index - 1].values))
      var (inputs, outputs) = part(share, of: layer)
      if products.areSmall(rows: examples.rows, layer) {
        inputs = share.index == 0 ? 0..<layer.inputs : 0..<0
      }
      for start in stride(from: inputs.lowerBound, to: inputs.upperBound, by: Self.inputsAtOnce) {
        let count = min(Self.inputsAtOnce, inputs.upperBound - start)
        products.weightGradient(
          gradient + layer.weights, input, delta, rows: examples.rows, layer, adding: adding,
          inputs: start, count)
        update?.apply(to: self, from: layer.weights + start &* layer.outputs, count: count &* layer.outputs)
      }
      let start = layer.bias + outputs.lowerBound
      mlp_column_sums(
        gradient + start, delta + outputs.lowerBound, examples.rows, layer.outputs, outputs.count,
        adding ? 1 : 0)
      update?.apply(to: self, from: start, count: outputs.count)
    }
  }

  private func step(_ share: Share, _ update: Update) {
    for layer in layout.layers {
      let (inputs, outputs) = part(share, of: layer)
      update.apply(
        to: self, from: layer.weights + inputs.lowerBound &* layer.outputs,
        count: inputs.count &* layer.outputs)
      update.apply(to: self, from: layer.bias + outputs.lowerBound, count: outputs.count)
    }
  }
}
