import PluginHost

/// Makes scripts smaller for as long as they still show the fault: fewer epochs, batches and passes, plainer ends
/// and numbers (A. Zeller, "Yesterday, my program worked. Today, it does not. Why?", 1999: delta debugging).
struct Shrinker {
  /// Attempts that are made at most, and the time for them.
  var attempts = 600
  var deadline = Deadline.after(.seconds(20))

  /// - Parameter shows: Whether the scripts show the fault.
  mutating func shrink(_ scripts: [RunScript], _ shows: ([RunScript]) throws -> Bool) rethrows -> [RunScript]
  {
    var best = scripts
    var hasImproved = true
    while hasImproved {
      hasImproved = false
      for index in best.indices {
        var candidates = Self.smaller(best[index])[...]
        while let candidate = candidates.popFirst() {
          guard attempts > 0, !deadline.hasPassed else { return best }
          attempts -= 1
          var changed = best
          changed[index] = candidate
          guard try shows(changed) else { continue }
          best = changed
          hasImproved = true
          candidates = Self.smaller(candidate)[...]
        }
      }
    }
    return best
  }

  /// Scripts that are a little simpler, the boldest first.
  static func smaller(_ script: RunScript) -> [RunScript] {
    var candidates: [RunScript] = []
    func add(_ change: (inout RunScript) -> Void) {
      var changed = script
      change(&changed)
      if changed != script { candidates.append(changed) }
    }
    add { $0.ending = .finished }
    add { $0.hasModel = true }
    add { $0.firstEpoch = 0 }
    add { $0.firstStep = 0 }
    var chunk = script.epochs.count / 2
    while chunk > 0 {
      for start in stride(from: 0, to: script.epochs.count, by: chunk) {
        add { $0.epochs.removeSubrange(start..<min(start + chunk, script.epochs.count)) }
      }
      chunk /= 2
    }
    if script.epochs.count == 1 { add { $0.epochs = [] } }
    if let calls = script.ending.calls {
      for fewer in [1, calls / 2, calls - 1] where fewer > 0 && fewer < calls {
        add { $0.ending = script.ending.moved(to: fewer) }
      }
    }
    add { for index in $0.epochs.indices { $0.epochs[index].batches = [] } }
    add {
      for index in $0.epochs.indices { $0.epochs[index].batches = Array($0.epochs[index].batches.prefix(1)) }
    }
    add {
      for index in $0.epochs.indices {
        $0.epochs[index].validationBatches = min(1, $0.epochs[index].validationBatches)
      }
    }
    for index in script.epochs.indices {
      let batches = script.epochs[index].batches
      if batches.count > 1 { add { $0.epochs[index].batches = Array(batches.prefix(batches.count / 2)) } }
      if !batches.isEmpty { add { $0.epochs[index].batches.removeLast() } }
      if !batches.isEmpty { add { $0.epochs[index].batches.removeFirst() } }
    }
    // Plain numbers, when all else is as short as it gets.
    if script.epochs.count <= 4 {
      for index in script.epochs.indices {
        for plain in [0.5, 0.1, 0.9] where !Self.isPlain(script.epochs[index].value) {
          add { $0.epochs[index].value = plain }
        }
        for batch in script.epochs[index].batches.indices
        where !Self.isPlain(script.epochs[index].batches[batch]) {
          add { $0.epochs[index].batches[batch] = 0.5 }
        }
      }
    }
    return candidates
  }

  private static func isPlain(_ value: Double?) -> Bool { value == 0.5 || value == 0.1 || value == 0.9 }
}
