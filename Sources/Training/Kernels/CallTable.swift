/// For each hook who is told of it, in steps: a chain, or a callback alone. Unmanaged references, since walking an array
/// of classes would count them up and down in every batch; the list that owns the callbacks outlives the table.
struct CallTable: ~Copyable {
  /// Callbacks `first..<end` of the table.
  struct Step {
    let first, end: Int
    let chain: Unmanaged<HookChain>?
  }

  private struct Row {
    let callback: Unmanaged<LoopCallback>
    let costs: Unmanaged<CallbackCosts>?
  }

  private let rows: UnsafeMutablePointer<Row>
  private let steps: UnsafeMutablePointer<Step>
  /// By hook: where its steps begin.
  private let starts: UnsafeMutablePointer<Int>
  /// What the steps refer to.
  private let chains: [HookChain]

  /// - Parameters:
  ///   - active: Who is told, in order.
  ///   - costs: Where times of each are counted; kept by whoever has the table.
  ///   - chained: Callbacks that can be told together are; else each is told alone.
  init(_ active: [LoopCallback], costs: [ObjectIdentifier: CallbackCosts], chained: Bool) {
    let told = Hook.allCases.map { hook in active.filter { $0.hooks.contains(hook) } }
    let most = max(1, told.reduce(0) { $0 + $1.count })
    rows = .allocate(capacity: most)
    steps = .allocate(capacity: most)
    starts = .allocate(capacity: told.count + 1)
    var chains: [HookChain] = []
    var (position, step) = (0, 0)
    for (hook, ofHook) in zip(Hook.allCases, told) {
      starts[hook.rawValue] = step
      var rest = ofHook[...]
      while let callback = rest.first {
        let chain = chained && hook.canBeChained ? callback.chain(hook, with: rest.dropFirst()) : nil
        let count = min(max(1, chain?.count ?? 1), rest.count)
        if let chain { chains.append(chain) }
        (steps + step).initialize(
          to: Step(first: position, end: position + count, chain: chain.map { .passUnretained($0) }))
        for callback in rest.prefix(count) {
          let costs = costs[ObjectIdentifier(callback)].map { Unmanaged.passUnretained($0) }
          (rows + position).initialize(to: Row(callback: .passUnretained(callback), costs: costs))
          position += 1
        }
        step += 1
        rest = rest.dropFirst(count)
      }
    }
    starts[told.count] = step
    self.chains = chains
  }

  deinit {
    rows.deallocate()
    steps.deallocate()
    starts.deallocate()
  }

  @inline(__always) func isEmpty(_ hook: Hook) -> Bool { starts[hook.rawValue] == starts[hook.rawValue + 1] }
  @inline(__always) func steps(_ hook: Hook) -> UnsafeBufferPointer<Step> {
    let start = starts[hook.rawValue]
    return UnsafeBufferPointer(start: steps + start, count: starts[hook.rawValue + 1] - start)
  }
  func positions(_ hook: Hook) -> Range<Int> {
    let steps = steps(hook)
    guard let first = steps.first, let last = steps.last else { return 0..<0 }
    return first.first..<last.end
  }
  @inline(__always) subscript(position: Int) -> Unmanaged<LoopCallback> { rows[position].callback }
  func costs(_ position: Int) -> CallbackCosts? { rows[position].costs?.takeUnretainedValue() }
}

extension Hook {
  /// Those that are told to one callback at a time: a failure there keeps nobody else from being told.
  fileprivate var canBeChained: Bool { ![.trainBegin, .trainEnd, .exception].contains(self) }
}
