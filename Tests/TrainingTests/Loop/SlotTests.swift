import Testing

@testable import Training

@Suite struct SlotTests {
  /// Weights after each epoch's end, when a callback has these effects there.
  private func weights(
    snapshots: Bool = false, _ effects: [[Effect]], _ rig: Rig = Rig()
  ) throws -> (weights: [Float], result: FitResult) {
    rig.settings.epochs = effects.count
    rig.model.hasSnapshots = snapshots
    rig.add("a", hooks: [.epochEnd]) { _, event, queue in
      for effect in effects[event.epoch] { queue.append(effect) }
    }
    var seen: [Float] = []
    rig.add("b", hooks: [.epochEnd]) { _, _, _ in seen.append(rig.model.weight.floats[0]) }
    let result = try rig.fit()
    return (seen, result)
  }

  /// Training alone: the weights that the effects below start from.
  private func trained() throws -> [Float] { try weights([[], [], []]).weights }

  @Test(arguments: [false, true])
  func `a slot is taken and restored`(snapshots: Bool) throws {
    let plain = try trained()
    let seen = try weights(snapshots: snapshots, [[.takeSlot(3)], [.restoreSlot(3)], []]).weights
    #expect(plain[0] != plain[1] && plain[1] != plain[2])
    #expect(seen == [plain[0], plain[0], plain[1]], "the third epoch trains on from the first")
  }

  @Test(arguments: [false, true])
  func `a swap exchanges the slot and the weights`(snapshots: Bool) throws {
    let plain = try trained()
    let seen = try weights(snapshots: snapshots, [[.takeSlot(0)], [.swapSlot(0)], [.restoreSlot(0)]]).weights
    #expect(seen == [plain[0], plain[0], plain[1]])
  }

  @Test(arguments: [false, true])
  func `a second take is what counts`(snapshots: Bool) throws {
    let rig = Rig()
    let plain = try trained()
    let seen = try weights(snapshots: snapshots, [[.takeSlot(0)], [.takeSlot(0)], [.restoreSlot(0)]], rig)
      .weights
    #expect(seen == [plain[0], plain[1], plain[1]])
    #expect(rig.model.snapshots.count == (snapshots ? 1 : 0), "a slot keeps one snapshot")
  }

  @Test(arguments: [false, true])
  func `restoring an empty or dropped slot changes nothing`(snapshots: Bool) throws {
    let plain = try trained()
    let seen = try weights(
      snapshots: snapshots,
      [[.restoreSlot(1), .swapSlot(2), .dropSlot(4)], [.takeSlot(0), .dropSlot(0)], [.restoreSlot(0)]]
    ).weights
    #expect(seen == plain)
  }

  @Test func `a blend weighs the slot and the weights`() throws {
    let plain = try trained()
    let (seen, result) = try weights([
      [.blendSlot(0, slotScale: 9, weightScale: 9)], [.blendSlot(0, slotScale: 0.25, weightScale: 0.75)],
      [.restoreSlot(0)],
    ])
    #expect(result.reason == "all 3 epochs ran")
    #expect(seen.last == Float(0.25 * Double(plain[0]) + 0.75 * Double(plain[1])), "an empty slot takes")
  }

  @Test func `snapshots that the model keeps cannot be averaged`() throws {
    let result = try weights(
      snapshots: true,
      [
        [.takeSlot(0), .blendSlot(0, slotScale: 1, weightScale: 1)]
      ]
    ).result
    #expect(result.failure?.message == "the model keeps its own snapshots, which cannot be averaged")
  }

  @Test(arguments: [-1, 16, Int.max])
  func `a slot that does not exist is an error`(slot: Int) throws {
    let result = try weights([[.takeSlot(slot)]]).result
    #expect(result.failure?.message == "slot \(slot) does not exist: slots are numbered 0 to 15")
    #expect(try weights([[.takeSlot(0), .takeSlot(15)]]).result.outcome == .finished)
  }

  @Test(arguments: [false, true])
  func `slots are empty when the next run begins`(snapshots: Bool) throws {
    let rig = Rig()
    rig.model.hasSnapshots = snapshots
    var takes = true
    let probe = rig.add("a", hooks: [.epochEnd]) { _, _, effects in
      effects.append(takes ? .takeSlot(0) : .restoreSlot(0))
    }
    let trainer = try rig.trainer()
    _ = trainer.fit()
    #expect(probe.slots[0] != nil)
    takes = false
    rig.model.onTrain = { [weight = rig.model.weight] _ in weight.floats[0] = 100 }
    _ = trainer.fit()
    #expect(probe.slots.allSatisfy { $0 == nil } && rig.model.weight.floats[0] > 50, "nothing came back")
  }

  @Test func `slots belong to one callback`() throws {
    let rig = Rig(epochs: 2)
    rig.add("a", hooks: [.epochEnd]) { _, event, effects in
      if event.epoch == 0 { effects.append(.takeSlot(0)) }
    }
    rig.add("b", hooks: [.epochEnd]) { _, _, effects in effects.append(.restoreSlot(0)) }
    _ = try rig.fit()
    #expect(rig.model.weight.floats[0] == (try trained()[1]))
  }

  @Test func `assigned weights are trained on from`() throws {
    let five = Tensor(zeros: .float32, shape: [1])
    five.floats[0] = 5
    let seen = try weights([[.assignWeights([NamedTensor(name: "w", tensor: five)])], []]).weights
    let rig = Rig()
    rig.initialWeights = [NamedTensor(name: "w", tensor: five)]
    _ = try rig.fit()
    #expect(seen == [5, rig.model.weight.floats[0]], "as a run does that starts from them")
  }
}
