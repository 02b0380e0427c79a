/// For each hook the callbacks that have it, as unmanaged references: walking an array of class references would
/// count them up and down in every batch. The list that owns the callbacks outlives the table.
struct CallTable: ~Copyable {
  private let starts: UnsafeMutablePointer<Int>
  private let callbacks: UnsafeMutablePointer<Unmanaged<LoopCallback>>

  init(_ active: [LoopCallback]) {
    let rows = Hook.allCases.map { hook in active.filter { $0.hooks.contains(hook) } }
    starts = .allocate(capacity: rows.count + 1)
    callbacks = .allocate(capacity: max(1, rows.reduce(0) { $0 + $1.count }))
    var position = 0
    for (hook, row) in rows.enumerated() {
      starts[hook] = position
      for callback in row {
        (callbacks + position).initialize(to: Unmanaged.passUnretained(callback))
        position += 1
      }
    }
    starts[rows.count] = position
  }

  deinit {
    starts.deallocate()
    callbacks.deallocate()
  }

  @inline(__always) func isEmpty(_ hook: Hook) -> Bool { starts[hook.rawValue] == starts[hook.rawValue + 1] }
  @inline(__always) func range(_ hook: Hook) -> Range<Int> {
    starts[hook.rawValue]..<starts[hook.rawValue + 1]
  }
  @inline(__always) subscript(position: Int) -> Unmanaged<LoopCallback> { callbacks[position] }
}
