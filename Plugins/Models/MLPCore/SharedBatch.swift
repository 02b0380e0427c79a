import MLPKernels

/// A batch that several threads do together. First each takes some of its rows, through all layers and back; then each
/// takes some of the parameters: their gradient, and their step where it is due. No sum is divided between threads, so
/// the result is the same, bit for bit, with any number of them. Batches in bfloat16 are done so by one thread, too.
extension Network {
  enum Job {
    case none
    /// Weights are rounded to bfloat16.
    case packing(rows: Int, isTraining: Bool)
    /// Forward, and with the progress of a training run also backward, to the gradient of each layer's sums.
    case rows(Examples, training: Progress?)
    case gradient(Examples, adding: Bool, then: Update?)
    case update(Update)
  }

  /// Multiplications of a batch's forward pass from which handing it over pays.
  private static let worthSharing = 1 << 20
  /// Inputs of a layer, the gradient of whose weights is still in a cache when their step is made.
  private static let inputsAtOnce = 192

  /// What is not divided further: rows and inputs as tiles of the products have them, and a cache line of outputs.
  private var portion: (rows: Int, inputs: Int, outputs: Int) {
    packed == nil ? (8, 12, 16) : (PackedMatrices.portion.packed, PackedMatrices.portion.inputs, 16)
  }

  /// Whether a batch of so many rows is done in shares, by one thread or several.
  func isInShares(rows: Int) -> Bool { packed != nil || hasTeam(rows: rows) }

  /// Whether several threads do a batch of so many rows. OpenBLAS has threads of its own.
  private func hasTeam(rows: Int) -> Bool {
    guard team != nil, rows >= 2 &* portion.rows else { return false }
    return products.areOwn(rows: rows, layout)
      && rows &* layout.layers.reduce(0) { $0 &+ $1.weightCount } >= Self.worthSharing
  }

  /// Does a job for a batch of so many rows.
  func share(_ job: Job, rows: Int) {
    self.job = job
    if let team, hasTeam(rows: rows) { team.work(on: self) } else { work(Share(index: 0, count: 1)) }
    self.job = .none
  }

  func forwardInShares(_ examples: Examples, training progress: Progress?) {
    if packed != nil {
      share(.packing(rows: examples.rows, isTraining: progress != nil), rows: examples.rows)
    }
    share(.rows(examples, training: progress), rows: examples.rows)
  }

  /// One thread's part of the job.
  func work(_ share: Share) {
    switch job {
    case .none: break
    case .packing(let rows, let isTraining): pack(share, rows: rows, isTraining: isTraining)
    case .rows(let examples, let progress):
      let rows = share.part(of: examples.rows, portion: portion.rows)
      if rows.isEmpty { return }
      forward(examples, rows, progress)
      if progress != nil { backward(examples, rows) }
    case .gradient(let examples, let adding, let update): learn(examples, share, adding, update)
    case .update(let update): step(share, update)
    }
  }

  private func pack(_ share: Share, rows: Int, isTraining: Bool) {
    guard let packed else { return }
    for (index, layer) in layout.layers.enumerated() where !products.areSmall(rows: rows, layer) {
      packed.pack(
        parameters + layer.weights, of: index, layer,
        share.part(of: layer.inputs, portion: PackedMatrices.portion.packed), isTraining: isTraining)
    }
  }

  /// The matrices in bfloat16 where they are used for a layer's products.
  private func packed(for layer: Layer, rows: Int) -> PackedMatrices? {
    products.areSmall(rows: rows, layer) ? nil : packed
  }

  // MARK: By rows

  private func forward(_ examples: Examples, _ rows: Range<Int>, _ progress: Progress?) {
    let last = layout.layers.count - 1
    var input = examples.features
    for index in 0...last {
      let layer = layout.layers[index]
      let values = work(layer.values)
      let (first, bias) = (rows.lowerBound &* layer.outputs, parameters + layer.bias)
      if let packed = packed(for: layer, rows: examples.rows) {
        packed.forward(
          values, input, bias: bias, rows, of: examples.rows, index, layer, isTraining: progress != nil)
      } else {
        products.forward(
          values + first, input + rows.lowerBound &* layer.inputs, parameters + layer.weights, bias: bias,
          rows: rows.count, of: examples.rows, layer)
      }
      if index < last { activate(layer, values + first, first, rows.count &* layer.outputs, progress, index) }
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
    var delta = work(layout.layers[index].slopes)
    let first = rows.lowerBound &* output.width
    output.gradient(delta + first, of: predictions + first, examples.part(rows, output))
    // Threads are at different layers at the same time, so a row's room does not depend on the layer.
    let sums = work(layout.deltas.0) + rows.lowerBound &* (layout.deltas.1 - layout.deltas.0)
    while true {
      let layer = layout.layers[index]
      let first = rows.lowerBound &* layer.inputs
      if let packed = packed(for: layer, rows: examples.rows) {
        packed.inputGradient(sums, delta, rows, of: examples.rows, index, layer)
      } else if index > 0 {
        products.inputGradient(
          sums, delta + rows.lowerBound &* layer.outputs, parameters + layer.weights,
          rows: rows.count, of: examples.rows, layer)
      }
      if index == 0 { return }
      index -= 1
      delta = work(layout.layers[index].slopes)
      mlp_multiply(delta + first, sums, rows.count &* layer.inputs)
    }
  }

  // MARK: By parameters

  /// A thread's part of a layer: the weights of some inputs, the biases of some outputs.
  private func part(_ share: Share, of layer: Layer) -> (inputs: Range<Int>, outputs: Range<Int>) {
    (
      share.part(of: layer.inputs, portion: portion.inputs),
      share.part(of: layer.outputs, portion: portion.outputs)
    )
  }

  private func learn(_ examples: Examples, _ share: Share, _ adding: Bool, _ update: Update?) {
    for index in layout.layers.indices.reversed() {
      let layer = layout.layers[index]
      var (inputs, outputs) = part(share, of: layer)
      if products.areSmall(rows: examples.rows, layer) {
        inputs = share.index == 0 ? 0..<layer.inputs : 0..<0
      }
      for start in stride(from: inputs.lowerBound, to: inputs.upperBound, by: Self.inputsAtOnce) {
        let count = min(Self.inputsAtOnce, inputs.upperBound - start)
        weightGradient(examples, index, layer, adding, start, count)
        update?.apply(to: self, from: layer.weights + start &* layer.outputs, count: count &* layer.outputs)
      }
      let start = layer.bias + outputs.lowerBound
      mlp_column_sums(
        gradient + start, work(layer.slopes) + outputs.lowerBound, examples.rows, layer.outputs,
        outputs.count,
        adding ? 1 : 0)
      update?.apply(to: self, from: start, count: outputs.count)
    }
  }

  private func weightGradient(
    _ examples: Examples, _ index: Int, _ layer: Layer, _ adding: Bool, _ start: Int, _ count: Int
  ) {
    if let packed = packed(for: layer, rows: examples.rows) {
      return packed.weightGradient(
        gradient + layer.weights, rows: examples.rows, index, layer, adding: adding, inputs: start, count)
    }
    let input = index == 0 ? examples.features : UnsafePointer(work(layout.layers[index - 1].values))
    products.weightGradient(
      gradient + layer.weights, input, work(layer.slopes), rows: examples.rows, layer, adding: adding,
      inputs: start, count)
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
