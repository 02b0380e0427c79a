import Testing

@testable import Trainyard

@Suite struct ConfigPipelineTests {
  func read(_ text: String) throws -> PipelineConfig {
    try PipelineConfig.read(ConfigReader.read(text: text, file: "p.yaml"), baseFolder: "/base")
  }

  static let smallest = "{data: {train: synthetic}, model: mlp}"

  @Test func `the smallest pipeline has all defaults`() throws {
    let config = try read(Self.smallest)
    #expect(config.data.train.reference == .id("synthetic"))
    #expect(config.model.plugin.reference == .id("mlp"))
    #expect(config.model.initialWeights == nil)
    guard case .none = config.data.validation else {
      Issue.record("validation of its own accord")
      return
    }
    #expect(config.data.missing == .refuse && config.data.oneHot && !config.data.standardizes)
    #expect(config.data.scale == nil && config.data.task == .auto && config.data.classWeight == .none)
    #expect(
      config.train.epochs == 10 && config.train.batchSize == 32 && config.train.validationBatchSize == 32)
    #expect(config.train.seed == 0 && config.train.shuffles && config.train.validationEvery == 1)
    #expect(config.train.threads == 1 && config.train.prefetch == .auto && config.train.maxSteps == nil)
    #expect(config.train.isStrict)
    #expect(
      config.output.folder.hasSuffix("/runs") && config.output.name == nil && config.output.record == .epochs)
    #expect(config.monitors.isEmpty && config.callbacks.isEmpty && config.pluginFolders.isEmpty)
  }

  static let full = """
    data:
      train: {dataset: idx, images: train.gz, labels: labels.gz}
      validation: {fraction: 0.1, stratify: true}
      scale: 255
      standardize: true
      missing: most_frequent
      one_hot: false
      task: classification
      class_weight: {cat: 1, dog: 2.5}
    model: {plugin: mlp, name: net, initial_weights: old/model, hidden: [128], learning_rate: 0.001}
    train: {epochs: 20, batch_size: 128, seed: 7, shuffle: false, validation_batch_size: 512, validation_every: 2,
            threads: 2, prefetch: off, max_steps: 1000, strict: false, find_learning_rate: {steps: 50}}
    monitors:
      - accuracy
      - {plugin: accuracy, name: top5, k: 5}
    callbacks:
      - {plugin: early-stopping, monitor: val_loss, patience: 3}
      - {plugin: ./libmine.so, component: mine, name: mine-1, isolate: true, on_error: drop, memory_limit: 512, x: {y: 1}}
      - progress
    output: {folder: out, name: first, record: batches}
    plugins: {path: [plugins, /opt/plugins]}
    """

  @Test func `a full pipeline is read whole`() throws {
    let config = try read(Self.full)
    #expect(config.data.train.options == ["images": "train.gz", "labels": "labels.gz"])
    guard case .fraction(0.1, isStratified: true) = config.data.validation else {
      Issue.record("\(config.data.validation)")
      return
    }
    #expect(config.data.scale == 255 && config.data.missing == .mostFrequent && !config.data.oneHot)
    #expect(config.data.classWeight == .given(["cat": 1, "dog": 2.5]))
    #expect(config.model.plugin.name == "net" && config.model.initialWeights == "/base/old/model")
    #expect(config.model.plugin.options == ["hidden": [128], "learning_rate": 0.001])
    #expect(
      config.train.validationBatchSize == 512 && config.train.prefetch == .off
        && config.train.maxSteps == 1000)
    #expect(config.monitors.map(\.knownName) == ["accuracy", "top5"])
    #expect(config.monitors[1].options == ["k": 5])
    let mine = config.callbacks[1]
    #expect(mine.reference == .path(asWritten: "./libmine.so", absolute: "/base/libmine.so"))
    #expect(mine.component == "mine" && mine.name == "mine-1" && mine.onError == .drop)
    #expect(mine.isolation.place == .own && mine.isolation.onCrash == nil)
    #expect(mine.options == ["x": ["y": 1]])
    #expect(mine.place == "callbacks[1]" && mine.position.description == "p.yaml:18:5")
    #expect(config.callbacks[2].reference == .id("progress"))
    #expect(
      config.output.folder == "/base/out" && config.output.name == "first" && config.output.record == .batches
    )
    #expect(config.pluginFolders == ["/base/plugins", "/opt/plugins"])
    #expect(
      config.plugins.map(\.place) == [
        "data.train", "model", "monitors[0]", "monitors[1]", "callbacks[0]", "callbacks[1]", "callbacks[2]",
      ])
  }

  @Test func `validation may be a dataset of its own`() throws {
    for text in ["{dataset: idx, images: x}", "{dataset: idx, images: x, fraction: 3}"] {
      let config = try read("{data: {train: idx, validation: \(text)}, model: mlp}")
      guard case .dataset(let dataset) = config.data.validation else {
        Issue.record("\(config.data.validation)")
        return
      }
      #expect(dataset.reference == .id("idx") && dataset.place == "data.validation")
      #expect(dataset.options["images"] == "x")
    }
  }

  @Test func `a resolved config shows every key and reads back the same`() throws {
    for text in [Self.full, Self.smallest] {
      let resolved = try read(text).resolved()
      for written in [YAMLWriter.text(resolved), JSONWriter.pretty(JSONValue(resolved))] {
        #expect(try read(written).resolved() == resolved)
      }
    }
    let resolved = try read(Self.full).resolved()
    for (section, node) in [
      (PipelineSection.data, resolved["data"]), (.train, resolved["train"]), (.output, resolved["output"]),
      (.plugins, resolved["plugins"]), (.callback, resolved["callbacks"]?.elements[1]),
    ] {
      for key in section.keys.map(\.key) { #expect(node?[key] != nil, "\(section.path).\(key)") }
    }
    for key in ["plugin", "name", "initial_weights"] { #expect(resolved["model"]?[key] != nil) }
  }

  @Test func `options of a plugin are read by its rows, with its place`() throws {
    let config = try read(
      "{data: {train: idx}, model: mlp, callbacks: [{plugin: es, patiense: 3, isolat: true}]}")
    let component = ComponentSpec(
      kind: .callback, id: "early-stopping", summary: "", options: ConfigOptionTests.earlyStopping)
    let (_, problems) = config.callbacks[0].optionValues(for: component)
    #expect(
      ConfigProblems(problems).rendered == """
        error: unknown option 'patiense' of callback 'early-stopping'
          where: p.yaml:1:59, callbacks[0]
          help:  did you mean 'patience'? options: monitor, patience, mode

        error: unknown option 'isolat' of callback 'early-stopping'
          where: p.yaml:1:72, callbacks[0]
          help:  did you mean 'isolate'? options: monitor, patience, mode
        """)
  }

  static let refused: [(text: String, problems: [String])] = [
    ("", ["a pipeline must be a map: it is empty"]),
    ("[1]", ["a pipeline must be a map: found a list"]),
    ("{}", ["key 'data' of the pipeline is missing", "key 'model' of the pipeline is missing"]),
    ("{data: {}, model: {}}", ["key 'train' of 'data' is missing", "key 'plugin' of 'model' is missing"]),
    ("{data: 3, model: mlp}", ["'data' must be a map of keys, not 3"]),
    ("{data: {train: 3}, model: mlp}", ["'data.train' must be the id of a dataset or a map, not 3"]),
    ("{data: {train: idx, scale: 0}, model: mlp}", ["key 'scale' of 'data' must be above 0, not 0"]),
    (
      "{data: {train: idx, validation: {fracton: 1}}, model: mlp}",
      ["'data.validation' has neither 'fraction' nor 'dataset'"]
    ),
    (
      "{data: {train: idx, validation: {fraction: 1}}, model: mlp}",
      ["key 'fraction' of 'data.validation' must be above 0 and below 1, not 1"]
    ),
    (
      "{data: {train: idx, validation: 0.1}, model: mlp}",
      ["'data.validation' must be a map of keys, not 0.1"]
    ),
    (
      "{data: {train: idx, class_weight: {a: 0, b: x}}, model: mlp}",
      [
        "key 'a' of 'data.class_weight' must be above 0, not 0",
        "key 'b' of 'data.class_weight' must be a number, not 'x'",
      ]
    ),
    (
      "{data: {train: idx, class_weight: balancd}, model: mlp}",
      ["key 'class_weight' of 'data' must be 'balanced' or a map, not 'balancd'"]
    ),
    (
      "{data: {train: idx}, model: {plugin: mlp, initial_weights: []}}",
      ["key 'initial_weights' of 'model' must be a path, not a list"]
    ),
    (
      smallestWith("train: {epochs: 0, threads: 2.0}"),
      [
        "key 'epochs' of 'train' must be at least 1, not 0",
        "key 'threads' of 'train' must be an integer, not 2.0",
      ]
    ),
    (smallestWith("train: [1]"), ["'train' must be a map of keys, not a list"]),
    (smallestWith("callbacks: progress"), ["key 'callbacks' of the pipeline must be a list, not 'progress'"]),
    (
      smallestWith("callbacks: [null, 3]"),
      [
        "'callbacks[0]' must be the id of a callback or a map, not nothing",
        "'callbacks[1]' must be the id of a callback or a map, not 3",
      ]
    ),
    (smallestWith("callbacks: [libx.so]"), ["'libx.so' is neither the id of a callback nor a path"]),
    (smallestWith("callbacks: ['a:b=1']"), ["'a:b=1' is neither the id of a callback nor a path"]),
    (
      smallestWith("callbacks: [{plugin: a, on_error: ignore}]"),
      [
        "key 'on_error' of 'callbacks[0]' must be one of fail, drop, not 'ignore'"
      ]
    ),
    (
      smallestWith("callbacks: [{plugin: a, component: b}]"),
      [
        "'component' goes with the path of a library, and 'a' is an id"
      ]
    ),
    (
      smallestWith("callbacks: [a, {plugin: b, name: a}, {plugin: c, name: mlp}]"),
      [
        "two instances are named 'a': callbacks[0] and callbacks[1]",
        "two instances are named 'mlp': model and callbacks[2]",
      ]
    ),
    (smallestWith("callbacks: [{plugin: a, name: ../x}]"), ["'../x' cannot be a name"]),
    (smallestWith("output: {name: a/b}"), ["'a/b' cannot be a name"]),
    (
      smallestWith("monitors: [{name: gap, expression: a - }]"),
      ["expression 'a -', character 4: the end where a number or a metric was expected"]
    ),
    (
      smallestWith("monitors: [{name: b, library: ./b.so, symbol: b}]"),
      ["key 'returns' of 'monitors[0]' is missing"]
    ),
    (
      smallestWith("search: {}"), ["key 'parameters' of 'search' must be a map of paths"]
    ),
    (
      smallestWith("plugins: {path: [[]]}"),
      [
        "key 'path' of 'plugins' must be a list, each element a path, not a list"
      ]
    ),
  ]

  static func smallestWith(_ more: String) -> String {
    "{data: {train: synthetic}, model: mlp, \(more)}"
  }

  @Test(arguments: refused)
  func `what is wrong in a pipeline is told`(text: String, problems: [String]) throws {
    let found = try #require(configProblems { _ = try read(text) })
    #expect(found.map(\.message) == problems)
    #expect(found.allSatisfy { $0.position != nil && !$0.help.isEmpty })
  }

  @Test func `problems of all sections come out together, in the order of the file`() throws {
    let found = try #require(
      configProblems {
        _ = try read(
          """
          data:
            train: {datset: idx, images: x}
            missing: drop
          trian: {}
          model: {plugin: mlp}
          train: {epoch: 3}
          callbacks:
            - {plugin: libmine.so}
          """)
      })
    #expect(
      ConfigProblems(found).rendered == """
        error: key 'dataset' of 'data.train' is missing
          where: p.yaml:2:10, data.train
          help:  did you mean 'dataset' by 'datset'?

        error: key 'missing' of 'data' must be one of refuse, mean, median, most_frequent, zero, not 'drop'
          where: p.yaml:3:12, data
          help:  missing: one of refuse, mean, median, most_frequent, zero, default refuse. What becomes of missing \
        values: refused, or replaced by this.

        error: unknown key 'trian' of the pipeline
          where: p.yaml:4:1
          help:  did you mean 'train'? keys: data, model, train, monitors, callbacks, output, isolation, \
        checkpoints, plugins, cross_validation, search

        error: unknown key 'epoch' of 'train'
          where: p.yaml:6:9, train
          help:  did you mean 'epochs'? keys: epochs, batch_size, seed, shuffle, validation_batch_size, \
        validation_every, threads, prefetch, max_steps, strict, find_learning_rate

        error: 'libmine.so' is neither the id of a callback nor a path
          where: p.yaml:8:14, callbacks[0]
          help:  write './libmine.so' for a library beside the pipeline file
        """)
  }

  @Test func `no change of a byte makes reading trap`() {
    let text = Array(Self.full.utf8)
    let bytes: [UInt8] = [10, 32, 39, 42, 45, 46, 47, 48, 58, 91, 93, 123, 125]
    for index in stride(from: 0, to: text.count, by: 3) {
      var changed = text
      changed[index] = bytes[index % bytes.count]
      guard let node = try? ConfigReader.read(bytes: changed, file: "p.yaml") else { continue }
      let problems = configProblems { _ = try PipelineConfig.read(node, baseFolder: "/base") }
      #expect(problems?.isEmpty != true)
    }
  }

  @Test func `a pipeline is also made without a file`() throws {
    let model = try ConfigNode.parseInline("mlp:hidden=128", from: "--model")
    let data = try ConfigNode.parseInline("idx:images=a", from: "--data")
    let node = ConfigNode(.map([]))
      .setting(path: ["data", "train"], to: data.node(pluginKey: "dataset"))
      .setting("model", to: model.node())
      .setting(path: ["train", "epochs"], to: 3)
      .setting(path: ["train", "epochs"], to: 4)
    let config = try PipelineConfig.read(node, baseFolder: "/base")
    #expect(config.train.epochs == 4)
    #expect(config.model.plugin.options == ["hidden": 128])
    #expect(config.data.train.options == ["images": "a"])
  }

  @Test func `the tables are in order`() {
    for section in PipelineSection.all {
      #expect(section.reservedKeys.count == section.keys.count, "\(section.path) declares a key twice")
      for spec in section.keys {
        #expect(!spec.doc.isEmpty && spec.doc.hasSuffix("."), "\(section.path).\(spec.key)")
        #expect(spec.range == nil || spec.interval != nil)
        let (_, problems) = OptionParser(owner: section.path, baseFolder: "/").values(for: [spec], from: [:])
        #expect(problems.isEmpty || spec.isRequired, "\(section.path).\(spec.key)")
      }
    }
    #expect(
      PipelineSection.listing.contains(
        "\ntrain: How to train.\n  epochs: int, default 10, at least 1. Passes over the training data.\n"))
  }
}
