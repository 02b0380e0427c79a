// swift-tools-version: 6.2
import PackageDescription

// What `make install` puts beside the program, for plugins in Swift: the header and the kit.
let package = Package(
  name: "trainyard",
  products: [.library(name: "PluginKit", targets: ["PluginKit"])],
  targets: [
    .target(name: "CTrainyard", exclude: ["cpp"]),
    .target(name: "PluginKit", dependencies: ["CTrainyard"]),
  ],
  swiftLanguageModes: [.v6])
