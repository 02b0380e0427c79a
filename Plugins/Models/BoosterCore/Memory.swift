import Glibc

/// Memory that views are made over; grows, and is given back when it goes.
public final class Memory<Element: BitwiseCopyable> {
  public private(set) var base: UnsafeMutablePointer<Element>
  private var capacity = 1

  public init() {
    base = .allocate(capacity: 1)
  }

  deinit { base.deallocate() }

  /// Room for so many elements; what was there is gone.
  public func room(for count: Int) -> UnsafeMutableBufferPointer<Element> {
    if count > capacity {
      base.deallocate()
      base = .allocate(capacity: count)
      capacity = count
    }
    return UnsafeMutableBufferPointer(start: base, count: count)
  }

  public func fill(_ values: some Collection<Element>) {
    _ = room(for: values.count).initialize(from: values)
  }
}
