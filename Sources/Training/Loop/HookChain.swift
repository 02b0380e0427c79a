/// Callbacks that follow one another in a hook, and are told one after the other without the loop in between. Whoever
/// brings such callbacks brings it, too: see `LoopCallback.chain`.
open class HookChain {
  public let count: Int

  public init(count: Int) { self.count = count }

  /// Tells them from number `next` on, which is then the one to go on with.
  ///
  /// Effects are carried out before the next callback is told: it returns behind a callback that may have asked for some,
  /// and throws the error of one that failed.
  open func tell(_ event: EventFrame, from next: inout Int) throws { next = count }
}
