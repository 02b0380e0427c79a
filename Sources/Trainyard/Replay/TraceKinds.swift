/// What the kinds of traces are in our words: which plugin, with which options. All that is particular to a kind is
/// in this file.
enum TraceKinds {
  /// Kinds whose plugins are not all there yet. A case of one that fails is counted as pending, and told.
  static let pending: Set<String> = []

  struct Callback: Equatable {
    var plugin: String
    var options: [JSONValue.Member]
  }

  /// `early_stopping_reuse` is `early_stopping` with several fits.
  static func base(_ kind: String) -> String {
    kind.hasSuffix("_reuse") ? String(kind.dropLast("_reuse".count)) : kind
  }

  /// The callbacks of a case, in their order. `nil`: there is no such kind.
  static func callbacks(_ kind: String, _ options: JSONValue, host: JSONValue) -> [Callback]? {
    switch base(kind) {
    case "callback_list":
      var list: [Callback] = []
      for member in options["callbacks"]?.array ?? [] {
        guard let kind = member["kind"]?.string,
          let callbacks = callbacks(kind, member["options"] ?? .object([]), host: host)
        else { return nil }
        list += callbacks
      }
      return list
    case let base: return callback(base, options, host: host).map { [$0] }
    }
  }

  private static func callback(_ kind: String, _ options: JSONValue, host: JSONValue) -> Callback? {
    // The Keras of the traces passes over a metric that is missing.
    let notStrict = JSONValue.Member("strict", false)
    let byLightning = JSONValue.Member("rules", "lightning")
    switch kind {
    case "early_stopping": return Callback(plugin: "early-stopping", options: given(options) + [notStrict])
    case "reduce_lr_on_plateau":
      return Callback(plugin: "reduce-lr-on-plateau", options: given(options) + [notStrict])
    case "model_checkpoint":
      return Callback(
        plugin: "model-checkpoint", options: given(options, renaming: ["filepath": "filename"]) + [notStrict])
    case "terminate_on_nan": return Callback(plugin: "terminate-on-nan", options: given(options))
    case "csv_logger":
      return Callback(
        plugin: "csv-logger", options: given(options) + [JSONValue.Member("filename", .string(csvFile))])
    case "learning_rate_scheduler", "lr_schedule":
      let interval: JSONValue = kind == "lr_schedule" ? "step" : "epoch"
      return Callback(
        plugin: "learning-rate-scheduler",
        options: schedule(options["schedule"] ?? .object([])) + [JSONValue.Member("interval", interval)])
    case "ema":
      return Callback(plugin: "ema-weights", options: given(options) + [JSONValue.Member("swap", "none")])
    case "swap_ema_weights":
      let swap: JSONValue = options["swap_on_epoch"]?.bool == true ? "epoch" : "validation"
      return Callback(
        plugin: "ema-weights", options: given(host["ema"] ?? .object([])) + [JSONValue.Member("swap", swap)])
    case "lightning_early_stopping":
      return Callback(plugin: "early-stopping", options: [byLightning] + given(options))
    case "lightning_model_checkpoint":
      return Callback(plugin: "model-checkpoint", options: [byLightning] + given(options))
    case "lightning_swa": return Callback(plugin: "stochastic-weight-averaging", options: given(options))
    default: return nil
    }
  }

  /// The options that are not left open.
  private static func given(_ options: JSONValue, renaming names: [String: String] = [:]) -> [JSONValue
    .Member]
  {
    (options.members ?? []).filter { $0.value != .null }.map {
      JSONValue.Member(names[$0.name] ?? $0.name, $0.value)
    }
  }

  private static func schedule(_ schedule: JSONValue) -> [JSONValue.Member] {
    let parameters = given(schedule["params"] ?? .object([]))
    var options = [JSONValue.Member("schedule", .string(kebab(schedule["name"]?.string ?? "")))]
    if !parameters.isEmpty { options.append(JSONValue.Member("parameters", .object(parameters))) }
    return options
  }

  /// `CosineDecay` and `step_drop` as we write names: `cosine-decay`, `step-drop`.
  static func kebab(_ name: String) -> String {
    var text = ""
    for character in name {
      if character.isUppercase, !text.isEmpty { text += "-" }
      text += character == "_" ? "-" : character.lowercased()
    }
    return text
  }

  // MARK: Files

  static let csvFile = "log.csv"
  private static let checkpointFolder = "checkpoints/"

  /// Whether each fit begins with an empty folder; else files of one fit are there in the next.
  static func emptiesFolder(_ kind: String) -> Bool { base(kind) != "csv_logger" }

  /// A checkpoint's file as the trace names it. Ours are safetensors, whatever the peer calls its own.
  static func checkpoint(_ path: String, like expected: [String]) -> String {
    var name = path.hasPrefix(checkpointFolder) ? String(path.dropFirst(checkpointFolder.count)) : path
    let ours = ".safetensors"
    if name.hasSuffix(ours), !expected.isEmpty, expected.allSatisfy({ $0.hasSuffix(".ckpt") }) {
      name = String(name.dropLast(ours.count)) + ".ckpt"
    }
    return name
  }

  // MARK: Learning rates

  /// Which of an epoch's rates the trace has: the one it was trained with, or the one at its end.
  static func recordsRateAtEnd(_ kind: String) -> Bool {
    ["reduce_lr_on_plateau", "callback_list"].contains(base(kind))
  }

  // MARK: Books

  /// What the traces call a peer's bookkeeping, and under which key our callback saves the same. What a callback does
  /// not save is not compared.
  static let books: [String: String] = [
    "best": "best", "best_epoch": "bestEpoch", "stopped_epoch": "stoppedEpoch", "wait": "wait",
    "reason": "reason",
    "cooldown_counter": "cooldownCounter", "n_averaged": "averaged", "best_file": "top.bestFile",
    "last_file": "lastFile",
  ]
}
