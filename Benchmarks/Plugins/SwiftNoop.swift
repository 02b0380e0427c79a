import PluginKit

/// A callback in Swift that has both hooks of a batch and does nothing in them.
final class SwiftNoop: Callback {
  static let about = About(id: "bench-swift-noop", version: "1.0.0", summary: "Does nothing.")

  func reset() {}
  func onBatchBegin(_ event: Event) {}
  func onBatchEnd(_ event: Event) {}
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(SwiftNoop.self, to: args)
}
