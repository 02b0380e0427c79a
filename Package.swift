// swift-tools-version: 6.2
import PackageDescription

/// One shared library each: `lib<id>.so`, exporting `trainyard_plugin` and nothing else.
/// Sources lie in `Plugins/<kind>/<name>`; `core` names further targets that the library is made of.
struct Plugin {
  var kind: String
  var id: String
  var name: String
  var core: [Target.Dependency] = []
}

let plugins: [Plugin] = [
  Plugin(kind: "Callbacks", id: "early-stopping", name: "EarlyStopping", core: ["CallbackCore"]),
  Plugin(kind: "Callbacks", id: "csv-logger", name: "CSVLogger", core: ["CallbackCore"]),
  Plugin(kind: "Callbacks", id: "model-checkpoint", name: "ModelCheckpoint", core: ["CallbackCore"]),
  Plugin(kind: "Callbacks", id: "progress", name: "Progress", core: ["CallbackCore"]),
  Plugin(kind: "Callbacks", id: "reduce-lr-on-plateau", name: "ReduceLROnPlateau", core: ["CallbackCore"]),
  Plugin(
    kind: "Callbacks", id: "learning-rate-scheduler", name: "LearningRateScheduler", core: ["CallbackCore"]),
  Plugin(kind: "Callbacks", id: "terminate-on-nan", name: "TerminateOnNaN"),
  Plugin(
    kind: "Callbacks", id: "gradient-accumulation-scheduler", name: "GradientAccumulationScheduler",
    core: ["CallbackCore"]),
  Plugin(kind: "Callbacks", id: "learning-rate-monitor", name: "LearningRateMonitor"),
  Plugin(kind: "Callbacks", id: "timer", name: "Timer", core: ["CallbackCore"]),
  Plugin(kind: "Callbacks", id: "spike-detection", name: "SpikeDetection", core: ["CallbackCore"]),
  Plugin(
    kind: "Callbacks", id: "on-exception-checkpoint", name: "OnExceptionCheckpoint", core: ["CallbackCore"]),
  Plugin(kind: "Callbacks", id: "ema-weights", name: "EMAWeights"),
  Plugin(
    kind: "Callbacks", id: "stochastic-weight-averaging", name: "StochasticWeightAveraging",
    core: ["CallbackCore"]),
  Plugin(kind: "Callbacks", id: "json-lines-logger", name: "JSONLinesLogger", core: ["CallbackCore"]),
  Plugin(kind: "Callbacks", id: "tensorboard", name: "TensorBoard", core: ["CallbackCore"]),
  Plugin(kind: "Callbacks", id: "throughput-monitor", name: "ThroughputMonitor"),
  Plugin(kind: "Callbacks", id: "process-stats-monitor", name: "ProcessStatsMonitor"),
  Plugin(kind: "Callbacks", id: "model-summary", name: "ModelSummary"),
  Plugin(kind: "Callbacks", id: "remote-monitor", name: "RemoteMonitor", core: ["CallbackCore", "CCURL"]),
  Plugin(kind: "Callbacks", id: "call", name: "Call", core: ["ForeignCalls"]),
  Plugin(kind: "Models", id: "mlp", name: "MLP", core: ["MLPCore"]),
  Plugin(kind: "Monitors", id: "accuracy", name: "Accuracy", core: ["MonitorCore"]),
  Plugin(kind: "Monitors", id: "top-k-accuracy", name: "TopKAccuracy", core: ["MonitorCore"]),
  Plugin(kind: "Monitors", id: "precision", name: "Precision", core: ["MonitorCore"]),
  Plugin(kind: "Monitors", id: "recall", name: "Recall", core: ["MonitorCore"]),
  Plugin(kind: "Monitors", id: "f1", name: "F1", core: ["MonitorCore"]),
  Plugin(kind: "Monitors", id: "roc-auc", name: "ROCAUC", core: ["MonitorCore"]),
  Plugin(kind: "Monitors", id: "pr-auc", name: "PRAUC", core: ["MonitorCore"]),
  Plugin(kind: "Monitors", id: "log-loss", name: "LogLoss", core: ["MonitorCore"]),
  Plugin(kind: "Monitors", id: "brier", name: "Brier", core: ["MonitorCore"]),
  Plugin(kind: "Monitors", id: "calibration-error", name: "CalibrationError", core: ["MonitorCore"]),
  Plugin(kind: "Monitors", id: "mean-absolute-error", name: "MeanAbsoluteError", core: ["MonitorCore"]),
  Plugin(kind: "Monitors", id: "mean-squared-error", name: "MeanSquaredError", core: ["MonitorCore"]),
  Plugin(
    kind: "Monitors", id: "root-mean-squared-error", name: "RootMeanSquaredError", core: ["MonitorCore"]),
  Plugin(kind: "Monitors", id: "r2", name: "R2", core: ["MonitorCore"]),
  Plugin(kind: "Monitors", id: "explained-variance", name: "ExplainedVariance", core: ["MonitorCore"]),
  Plugin(kind: "Monitors", id: "matthews-correlation", name: "MatthewsCorrelation", core: ["MonitorCore"]),
  Plugin(kind: "Monitors", id: "cohen-kappa", name: "CohenKappa", core: ["MonitorCore"]),
  Plugin(kind: "Monitors", id: "confusion-matrix", name: "ConfusionMatrix", core: ["MonitorCore"]),
  Plugin(kind: "Monitors", id: "quantile-loss", name: "QuantileLoss", core: ["MonitorCore"]),
  Plugin(kind: "Monitors", id: "ndcg", name: "NDCG", core: ["MonitorCore"]),
  Plugin(kind: "Datasets", id: "idx", name: "IDX", core: ["DataColumns", "IDXCore"]),
  Plugin(kind: "Datasets", id: "csv", name: "CSV", core: ["DataColumns", "CSVCore"]),
  Plugin(kind: "Datasets", id: "npy", name: "NPY", core: ["DataColumns", "NumPyCore"]),
  Plugin(kind: "Datasets", id: "npz", name: "NPZ", core: ["DataColumns", "NumPyCore"]),
  Plugin(kind: "Datasets", id: "libsvm", name: "LibSVM", core: ["DataColumns", "LibSVMCore"]),
  Plugin(kind: "Datasets", id: "sqlite", name: "SQLite", core: ["DataColumns", "SQLiteCore"]),
  Plugin(kind: "Datasets", id: "synthetic", name: "Synthetic", core: ["DataColumns"]),
]

// The one exported symbol, and a library that stays where it is: unloading Swift code is not safe.
let pluginLinkerSettings: [LinkerSetting] = [
  .unsafeFlags([
    "-use-ld=lld", "-Xlinker", "--version-script=\(Context.packageDirectory)/Plugins/plugin.map",
    "-Xlinker", "-z", "-Xlinker", "nodelete",
  ])
]

// What libFuzzer calls. `make fuzz` asks for it: without libFuzzer it does not link.
let fuzzer: [Target] =
  Context.environment["TRAINYARD_FUZZER"] == nil
  ? []
  : [
    .executableTarget(
      name: "trainyard-fuzz", dependencies: ["Fuzzing"], path: "Tests/FuzzEntry",
      swiftSettings: [.unsafeFlags(["-parse-as-library"])])
  ]

// Models over engines that need not be there. `make engines` asks for them; without them nothing of theirs is built.
let buildsEngines = Context.environment["TRAINYARD_ENGINES"] != nil

/// Kept apart from the table above, which is what `make install` expects to be there.
func engine(_ id: String, _ name: String, core: [Target.Dependency] = []) -> Plugin {
  Plugin(kind: "Models", id: id, name: name, core: core)
}

let engines: [Plugin] =
  !buildsEngines
  ? []
  : [
    engine("xgboost", "XGBoost", core: ["BoosterCore"]),
    engine("lightgbm", "LightGBM", core: ["BoosterCore"]),
  ]

// libtorch: the folder of Python's torch package, with include/ and lib/, or /usr for Debian's; `make engines` finds that.
// Without one the model `torch` is left out.
let libtorch = Context.environment["LIBTORCH"] ?? ""
let buildsTorch = buildsEngines && !libtorch.isEmpty
// Debian's headers, of torch 1, are C++17 and do not compile as C++20, which those of torch 2 come to ask for.
let torchStandard = libtorch == "/usr" ? "c++17" : "c++20"
let torchFolders: [String] =
  libtorch == "/usr"
  ? ["-isystem", "/usr/include/torch/csrc/api/include"]
  : ["-isystem", "\(libtorch)/include", "-isystem", "\(libtorch)/include/torch/csrc/api/include"]

let torchTargets: [Target] =
  !buildsTorch
  ? []
  : [
    // C++ against the contract itself: torch's errors are C++ exceptions, and end at one border.
    .target(
      name: "Torch", dependencies: ["CTrainyard"], path: "Plugins/Models/Torch", exclude: ["README.md"],
      cxxSettings: [
        .headerSearchPath("../../../Sources/CTrainyard/cpp"),
        .unsafeFlags(["-std=\(torchStandard)", "-Wall", "-Wextra"] + torchFolders),
      ],
      linkerSettings: pluginLinkerSettings + [
        .unsafeFlags(libtorch == "/usr" ? [] : ["-L\(libtorch)/lib", "-Xlinker", "-rpath=\(libtorch)/lib"]),
        .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
      ])
  ]

let engineTargets: [Target] =
  !buildsEngines
  ? []
  : [
    // What the two boosters share: finding their libraries, parameters, rows, rounds. They are opened at run time.
    .target(
      name: "BoosterCore", dependencies: ["PluginKit", "ForeignCalls"], path: "Plugins/Models/BoosterCore"),
    // One folder for each engine; `Boosters` has both.
    .testTarget(
      name: "EngineTests", dependencies: ["BoosterCore", "Trainyard", "TrainyardCLI", "Support"],
      exclude: ["Boosters/Fixtures", "Torch/Fixtures"]),
  ]

let package = Package(
  name: "trainyard",
  products: [
    .executable(name: "trainyard", targets: ["TrainyardCLI"]),
    .library(name: "PluginKit", targets: ["PluginKit"]),
    .library(name: "Trainyard", targets: ["Trainyard"]),
  ] + (plugins + engines).map { .library(name: $0.id, type: .dynamic, targets: [$0.name]) }
    + (buildsTorch ? [.library(name: "torch", type: .dynamic, targets: ["Torch"])] : []),
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // The contract: one header.
    .target(name: "CTrainyard"),

    // Calls of C functions that are known at run time only.
    .target(name: "ForeignCalls", dependencies: ["CFFI"]),

    // The author's side.
    .target(name: "PluginKit", dependencies: ["CTrainyard"]),

    // Tells which plugin was being called when the process crashed.
    .target(name: "CCrash"),

    // The host's side.
    // Starting and watching processes, and what Linux offers to keep one in.
    .target(
      name: "CProcess", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-pedantic"])]),
    .target(
      name: "PluginHost",
      dependencies: ["CTrainyard", "CProcess", "CNettle", "FileKernels", "ForeignCalls", "CCrash"]),
    .target(name: "GatherKernels"),
    // What is done with bytes on their way to the disk.
    .target(name: "FileKernels", dependencies: ["CZlib"]),
    .target(name: "Training", dependencies: ["FileKernels", "GatherKernels"]),
    .target(name: "RunStore", dependencies: ["CSQLite"]),
    .target(name: "Conformance", dependencies: ["CTrainyard", "CConformance", "PluginHost"]),
    .target(name: "CConformance"),
    .target(
      name: "Trainyard",
      dependencies: ["Training", "PluginHost", "ForeignCalls", "RunStore", "CYAML", "FileKernels"]),
    // What the program, and not the library, tells the allocator.
    .target(name: "CMemory"),
    .executableTarget(
      name: "TrainyardCLI",
      dependencies: [
        "Trainyard", "Conformance", "CMemory",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      exclude: ["Templates"]),

    // Examples that are programs.
    .executableTarget(
      name: "reuse", dependencies: ["Trainyard"], path: "examples/reuse", exclude: ["README.md"]),
    .executableTarget(
      name: "embed-the-host", dependencies: ["Trainyard"], path: "examples/embed-the-host",
      exclude: ["README.md"]),

    // Libraries of the system.
    .systemLibrary(name: "CNettle", pkgConfig: "nettle", providers: [.apt(["nettle-dev"])]),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CCURL", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CFFI", pkgConfig: "libffi", providers: [.apt(["libffi-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    // The built-in model: what can be tested without a host, and its kernels.
    .target(
      name: "MLPCore", dependencies: ["PluginKit", "MLPKernels"], path: "Plugins/Models/MLPCore"),
    .target(name: "MLPKernels", path: "Plugins/Models/MLPKernels"),

    // What the built-in datasets share: columns in memory, files that may be compressed, numbers in texts.
    .target(name: "DataColumns", dependencies: ["PluginKit"], path: "Plugins/Datasets/DataColumns"),
    .target(
      name: "DataFiles", dependencies: ["PluginKit", "DataColumns", "CZlib", "TextKernels"],
      path: "Plugins/Datasets/DataFiles"),
    .target(name: "TextKernels", path: "Plugins/Datasets/TextKernels"),

    // The readers of datasets, which can be tested without a host.
    .target(
      name: "CSVCore", dependencies: ["PluginKit", "DataColumns", "DataFiles", "TextKernels"],
      path: "Plugins/Datasets/CSVCore"),
    .target(
      name: "IDXCore", dependencies: ["PluginKit", "DataColumns", "DataFiles"],
      path: "Plugins/Datasets/IDXCore"),
    .target(
      name: "NumPyCore", dependencies: ["PluginKit", "DataColumns", "DataFiles", "CZlib"],
      path: "Plugins/Datasets/NumPyCore"),
    .target(
      name: "LibSVMCore", dependencies: ["PluginKit", "DataColumns", "DataFiles"],
      path: "Plugins/Datasets/LibSVMCore"),
    .target(
      name: "SQLiteCore", dependencies: ["PluginKit", "DataColumns", "CSQLite"],
      path: "Plugins/Datasets/SQLiteCore"),

    // What callbacks share and can be tested without a host.
    .target(name: "CallbackCore", dependencies: ["PluginKit"], path: "Plugins/Callbacks/CallbackCore"),

    // What monitors share: sums, counts, curves.
    .target(name: "MonitorCore", dependencies: ["PluginKit"], path: "Plugins/Monitors/MonitorCore"),

    // Benchmarks: what they compare with, and the program that `make bench` runs.
    .target(name: "Baselines", dependencies: ["CTrainyard"], path: "Benchmarks/Baselines"),
    .executableTarget(
      name: "trainyard-bench",
      dependencies: ["Baselines", "MLPKernels", "ForeignCalls", "PluginHost", "Support", "Trainyard"],
      path: "Benchmarks/Suite"),

    // Tests. Support: what several of them use.
    .target(name: "Support", dependencies: ["CTrainyard", "PluginHost"], path: "Tests/Support"),
    .testTarget(
      name: "CTrainyardTests", dependencies: ["CTrainyard", "Support"], exclude: ["Fixtures"]),
    .testTarget(
      name: "PluginKitTests", dependencies: ["PluginKit", "PluginHost", "Support"], exclude: ["Fixtures"]),
    .testTarget(
      name: "PluginHostTests", dependencies: ["PluginHost", "Support"], exclude: ["Fixtures"]),
    .testTarget(
      name: "ConformanceTests",
      dependencies: ["Conformance", "PluginHost", "TrainyardCLI", "Trainyard", "Support"],
      exclude: ["Fixtures"]),
    .testTarget(name: "TrainingTests", dependencies: ["Training"]),
    .testTarget(name: "RunStoreTests", dependencies: ["RunStore", "Support", "CSQLite", "store-probe"]),
    .executableTarget(name: "store-probe", dependencies: ["RunStore", "CSQLite"], path: "Tests/StoreProbe"),
    .testTarget(
      name: "TrainyardTests", dependencies: ["Trainyard", "Support"], exclude: ["Isolation/Fixtures"]),
    .testTarget(name: "ForeignCallsTests", dependencies: ["ForeignCalls", "Support"]),
    .testTarget(name: "MLPTests", dependencies: ["MLPCore"]),
    .testTarget(name: "CallbackCoreTests", dependencies: ["CallbackCore"]),
    .testTarget(
      name: "PluginTests", dependencies: ["CTrainyard", "PluginHost", "Support", "CZlib", "CSQLite"],
      exclude: ["Fixtures"]),
    .testTarget(name: "MonitorTests", dependencies: ["CTrainyard", "PluginHost", "Support", "Trainyard"]),
    .testTarget(name: "OracleTests", dependencies: ["Trainyard", "Support"]),
    .testTarget(
      name: "DocumentationTests", dependencies: ["Support", "TrainyardCLI", "reuse", "embed-the-host"]),
    .testTarget(name: "BenchmarkTests", dependencies: ["Support", "Trainyard", "trainyard-bench"]),
    .target(
      name: "Fuzzing",
      dependencies: [
        "CTrainyard", "Trainyard", "Training", "PluginHost", "PluginKit", "ForeignCalls", "RunStore",
        "CallbackCore", "CSVCore", "IDXCore", "NumPyCore", "LibSVMCore", "SQLiteCore", "DataColumns",
        "Support",
      ], path: "Tests/Fuzzing"),
    .executableTarget(name: "fuzz-runner", dependencies: ["Fuzzing"], path: "Tests/FuzzRunner"),
    .testTarget(name: "FuzzingTests", dependencies: ["Fuzzing", "fuzz-runner", "Support"]),
    .testTarget(
      name: "CommandLineTests", dependencies: ["TrainyardCLI", "Trainyard", "Support", "CSQLite"],
      exclude: ["Fixtures"]),
  ]
    + (plugins + engines).map {
      .target(
        name: $0.name, dependencies: ["PluginKit"] + $0.core, path: "Plugins/\($0.kind)/\($0.name)",
        exclude: ["README.md"], linkerSettings: pluginLinkerSettings)
    } + fuzzer + engineTargets + torchTargets,
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11
)
