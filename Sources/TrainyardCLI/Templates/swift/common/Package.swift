// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "{{id}}",
  products: [.library(name: "{{id}}", type: .dynamic, targets: ["{{Type}}"])],
  dependencies: [.package(name: "trainyard", path: "{{kit}}")],
  targets: [
    .target(
      name: "{{Type}}", dependencies: [.product(name: "PluginKit", package: "trainyard")],
      linkerSettings: [
        // One exported symbol, and a library that stays where it is: unloading Swift code is not safe.
        .unsafeFlags([
          "-use-ld=lld", "-Xlinker", "--version-script=\(Context.packageDirectory)/plugin.map",
          "-Xlinker", "-z", "-Xlinker", "nodelete",
        ])
      ]),
    .testTarget(name: "ContractTests"),
  ])
