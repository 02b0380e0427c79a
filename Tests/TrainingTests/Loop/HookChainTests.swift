import Testing

@testable import Training

/// Callbacks that are told together must not be told apart from those that are told alone.
@Suite struct HookChainTests {
  /// Writes down its calls and does what the test says; it can be told with others of its kind.
  final class Member: LoopCallback {
    let journal: Journal
    let isAlone: Bool
    let act: (Hook, EventFrame, EffectQueue) throws -> Void

    init(
      _ name: String, _ journal: Journal, isAlone: Bool, onError: ErrorPolicy,
      act: @escaping (Hook, EventFrame, EffectQueue) throws -> Void
    ) {
      self.journal = journal
      self.isAlone = isAlone
      self.act = act
      super.init(name: name, hooks: Set(Hook.allCases), onError: onError)
    }

    override func call(_ hook: Hook, _ event: EventFrame) throws {
      journal.add("\(name) \(hook.name) \(event.epoch).\(event.batch)")
      try act(hook, event, effects)
    }

    override func chain(_ hook: Hook, with followers: ArraySlice<LoopCallback>) -> HookChain? {
      guard !isAlone else { return nil }
      let members =
        [self] + followers.prefix { ($0 as? Member)?.isAlone == false }.compactMap { $0 as? Member }
      return Together(members, hook)
    }
  }

  final class Together: HookChain {
    let members: [Member]
    let hook: Hook

    init(_ members: [Member], _ hook: Hook) {
      self.members = members
      self.hook = hook
      super.init(count: members.count)
    }

    override func tell(_ event: EventFrame, from next: inout Int) throws {
      members[next].journal.add("together from \(next)")
      while next < count {
        next += 1
        try members[next - 1].call(hook, event)
        if !members[next - 1].effects.isEmpty { return }
      }
    }
  }

  private func run(alone: Set<String>, onError: LoopCallback.ErrorPolicy) throws -> (
    Rig, FitResult, [String]
  ) {
    let rig = Rig(epochs: 3)
    let published = rig.metrics.declare("x", .none, .batch, by: "b")
    for name in ["a", "b", "c", "d"] {
      rig.callbacks.append(
        Member(
          name, rig.journal, isAlone: alone.contains(name), onError: name == "c" ? onError : .fail
        ) {
          [unowned rig] hook, event, effects in
          guard hook == .batchEnd else { return }
          rig.journal.add(
            "\(name) sees \(event.logs[published] as Any), \(rig.model.parameter("learning_rate") ?? 0)"
          )
          if name == "b" {
            effects.append(.publish(metric: published, value: Double(event.step)))
            effects.append(.setParameter(name: "learning_rate", value: 1 / Double(event.step)))
          }
          if name == "c", event.epoch == 1, event.batch == 1 { throw Fault() }
          if name == "a", event.epoch == 2 { effects.append(.stop(reason: "enough")) }
        })
    }
    let result = try rig.fit()
    return (rig, result, rig.journal.lines.filter { !$0.hasPrefix("together") })
  }

  @Test(arguments: [LoopCallback.ErrorPolicy.drop, .fail])
  func `together or alone, callbacks are told the same in the same order`(
    _ policy: LoopCallback.ErrorPolicy
  )
    throws
  {
    let (_, expected, alone) = try run(alone: ["a", "b", "c", "d"], onError: policy)
    for others: Set<String> in [[], ["a"], ["b"], ["d"], ["b", "c"]] {
      let (rig, result, lines) = try run(alone: others, onError: policy)
      #expect(lines == alone, "alone: \(others)")
      #expect(rig.journal.lines.contains { $0 == "together from 2" || !others.isEmpty })
      #expect(result.reason == expected.reason && result.outcome == expected.outcome)
      #expect(result.dropped.map(\.callback) == expected.dropped.map(\.callback))
      #expect(
        result.costs.map { "\($0.callback) \($0.hook) \($0.calls)" }
          == expected.costs.map { "\($0.callback) \($0.hook) \($0.calls)" })
    }
  }
}
