import CTrainyard

/// Callbacks that have one hook, called in their order with nothing between two of them but what cannot be left out: the
/// note of which one is being called, and a look at how it returned.
public final class CallbackChain {
  /// What a call needs, side by side.
  private struct Link {
    var function: ty_hook
    var instance: UnsafeMutableRawPointer?
    var record: UnsafeMutablePointer<CallRecord>
  }

  public let count: Int
  private let hook: UInt8
  private let links: UnsafeMutablePointer<Link>
  /// Whose pointers these are.
  private let instances: [CallbackInstance]

  /// - Parameter hook: `TY_HOOK_…`; each of the instances must have it.
  /// - Returns: `nil` for the hooks that move an instance from state to state, and where an instance lacks the hook.
  public init?(_ instances: [CallbackInstance], hook: Int) {
    guard hook > Int(TY_HOOK_TRAIN_END), hook < Int(TY_HOOK_EXCEPTION) else { return nil }
    var found: [Link] = []
    for instance in instances {
      guard let function = instance.hooks[hook] else { return nil }
      found.append(Link(function: function, instance: instance.instance, record: instance.record))
    }
    self.instances = instances
    self.hook = UInt8(hook)
    count = found.count
    links = .allocate(capacity: max(1, count))
    links.initialize(from: found, count: count)
  }

  deinit { links.deallocate() }

  /// Calls them from number `next` on, which is then the one to go on with: returns behind one that has used its host,
  /// and may have asked for something; throws the error of one that failed.
  public func call(_ event: UnsafePointer<ty_event>, from next: inout Int) throws {
    let (links, count, call) = (self.links, self.count, hook)
    var number = next
    while number < count {
      let link = links + number
      let record = link.pointee.record
      // A first call that no `on_train_begin` came before, or one out of order.
      guard record.pointee.state == CallRecord.running else {
        next = number + 1
        return try instances[number].call(Int(call), event)
      }
      record.pointee.call = call
      let status = link.pointee.function(link.pointee.instance, event)
      record.pointee.call = CallRecord.idle
      number += 1
      if status != TY_OK || record.pointee.attention != 0 {
        next = number
        return try instances[number - 1].settle(Int(call), status)
      }
    }
    next = number
  }
}
