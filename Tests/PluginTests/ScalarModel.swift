import CTrainyard
import Support

/// A model of one weight in single precision, which carries out what a callback asks of weights and learning rate.
struct ScalarModel {
  var weight: Float = -1
  var rate: Float = 0.01
  private var slots: [Int: Float] = [:]

  init() {}

  mutating func apply(_ effects: [String], _ services: RecordingServices) {
    for effect in effects {
      let words = effect.split(separator: " ")
      let numbers = words.dropFirst().compactMap { Double($0) }
      let slot = Int(numbers.first ?? -1)
      switch words[0] {
      case "slot_take": slots[slot] = weight
      case "slot_restore": weight = slots[slot] ?? weight
      case "slot_swap": if let held = slots[slot] { (slots[slot], weight) = (weight, held) }
      case "slot_blend":
        if let held = slots[slot] {
          slots[slot] = Float(numbers[1] * Double(held) + numbers[2] * Double(weight))
        } else {
          slots[slot] = weight
        }
      case "slot_drop": slots[slot] = nil
      case "set" where words[1] == "learning_rate": rate = Float(numbers.last ?? .nan)
      default: break
      }
    }
    show(services)
  }

  /// Puts what it has where getters find it.
  func show(_ services: RecordingServices) {
    services.filledSlots = Set(slots.keys)
    services.parameters = [("learning_rate", Double(rate))]
  }

  /// What the slot holds.
  func slot(_ number: Int) -> Float? { slots[number] }
}
