// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "gap-watch", products: [.library(name: "gap-watch", type: .dynamic, targets: ["GapWatch"])],
  dependencies: [.package(name: "trainyard", path: "../..")],
  targets: [.target(name: "GapWatch", dependencies: [.product(name: "PluginKit", package: "trainyard")])])
