import Testing

@testable import Training

@Suite struct EffectTests {
  @Test func `effects of one call are carried out before the next callback is called`() throws {
    let rig = Rig()
    var rates: [Double?] = []
    rig.add("a", hooks: [.epochBegin]) { _, _, effects in
      effects.append(.setParameter(name: "learning_rate", value: 1))
      effects.append(.setParameter(name: "learning_rate", value: 2))
      rates.append(rig.model.parameter("learning_rate"))
    }
    rig.add("b", hooks: [.epochBegin]) { _, _, _ in rates.append(rig.model.parameter("learning_rate")) }
    _ = try rig.fit()
    #expect(rates == [0.5, 2], "the caller saw the state before, the next one the last of its effects")
  }

  @Test func `a value is seen by the callbacks that come later, in the hook that published it`() throws {
    let rig = Rig()
    let id = rig.metrics.declare("x", .none, .epoch, by: "a")
    var seen: [String] = []
    rig.add("before", hooks: [.epochEnd]) { _, event, _ in seen.append("before \(event.logs[id] as Any)") }
    rig.add("a", hooks: [.epochEnd]) { _, event, effects in
      effects.append(.publish(metric: id, value: 7))
      effects.append(.note(Note(name: "why", content: .text("because"))))
      seen.append("a \(event.logs[id] as Any)")
    }
    rig.add("after", hooks: [.epochEnd]) { _, event, _ in
      seen.append("after \(event.logs[id] as Any) \(event.notes.map(\.name))")
    }
    let result = try rig.fit()
    #expect(seen == ["before nil", "a nil", "after Optional(7.0) [\"why\"]"])
    #expect(result.epochs.first?["x"] == 7)
    #expect(result.epochs.first?.notes == [Note(name: "why", content: .text("because"))])
  }

  @Test func `effects of a call that fails are discarded`() throws {
    let rig = Rig()
    rig.add("a", hooks: [.epochEnd], onError: .drop) { _, _, effects in
      effects.append(.setParameter(name: "learning_rate", value: 9))
      effects.append(.stop(reason: "enough"))
      effects.append(.appendFile(path: "a.log", bytes: [1]))
      throw Fault()
    }
    let result = try rig.fit()
    #expect(
      result.outcome == .finished && rig.model.parameter("learning_rate") == 0.5 && rig.target.files.isEmpty)
  }

  @Test func `an effect that cannot be carried out is the failure of the hook that asked`() throws {
    let rig = Rig()
    rig.add("a", hooks: [.epochEnd]) { _, _, effects in
      effects.append(.setParameter(name: "momentum", value: 1))
      effects.append(.appendFile(path: "a.log", bytes: []))
    }
    let result = try rig.fit()
    #expect(result.reason == "callback 'a' failed in on_epoch_end, epoch 1: no hyper-parameter 'momentum'")
    #expect(rig.target.files.isEmpty, "what came after it was not done")
  }

  @Test func `files, weights and lines reach the run's target in order`() throws {
    let rig = Rig()
    rig.add("a", hooks: [.epochEnd]) { _, _, effects in
      effects.append(.startFile(path: "f"))
      effects.append(.appendFile(path: "f", bytes: [1, 2]))
      effects.append(.removeFile(path: "f"))
      effects.append(.log(level: .warning, text: "careful"))
      effects.append(.saveWeights(path: "w"))
    }
    let result = try rig.fit()
    #expect(rig.target.files == ["start f", "append f [1, 2]", "remove f"])
    #expect(rig.target.lines == ["warning: careful"] && result.warnings == ["careful"])
    #expect(rig.target.saved == [rig.model.weight.floats[0]])
  }

  @Test func `a marked checkpoint is written once, after every callback of the hook`() throws {
    let rig = Rig(epochs: 2)
    rig.target.onCheckpoint = { [unowned journal = rig.journal] in journal.add("checkpoint") }
    for name in ["a", "b"] {
      rig.add(name, hooks: [.epochEnd]) { _, event, effects in
        if event.epoch == 1 { effects.append(.markCheckpoint) }
      }
    }
    _ = try rig.fit()
    #expect(rig.target.checkpoints == 1)
    #expect(rig.journal.lines.suffix(3) == ["a epoch_end 1", "b epoch_end 1", "checkpoint"])
  }

  @Test func `a checkpoint that cannot be written ends the run`() throws {
    let rig = Rig()
    rig.target.onCheckpoint = { throw Fault(description: "disk full") }
    rig.add("a", hooks: [.batchEnd]) { _, _, effects in effects.append(.markCheckpoint) }
    #expect(try rig.fit().reason == "the checkpoint failed in write, epoch 1, batch 1: disk full")
  }

  @Test func `what a reset says is heard, and what it asks for is not done`() throws {
    final class Talker: LoopCallback {
      override func reset() throws {
        effects.append(.log(level: .warning, text: "made anew"))
        effects.append(.stop(reason: "never"))
      }
    }
    let rig = Rig()
    rig.callbacks = [Talker(name: "t", hooks: [.epochEnd])]
    let result = try rig.fit()
    #expect(result.outcome == .finished && result.warnings == ["made anew"])
  }
}
