import CTrainyard

/// What the host's `self` pointer stands for. The tables' functions are plain C and cannot know the class of a
/// plugin, so they call an overridden method of a box that does.
class Box {
  let host: Host

  init(host: Host) { self.host = host }

  func reset(seed: UInt64, task: TaskDescription?) throws {}
  func save(to sink: StateSink) throws {}
  func load(from source: StateSource) throws {}

  /// Runs `body` and turns an error into words for the host.
  @inline(__always) final func attempt(_ body: () throws -> Void) -> ty_status {
    do {
      try body()
      return TY_OK
    } catch {
      host.pointer.pointee.fail(host.pointer, words(for: error))
      return TY_FAILED
    }
  }

  static func from<B: Box>(_ pointer: UnsafeMutableRawPointer?, as type: B.Type) -> Unmanaged<B>? {
    pointer.map { Unmanaged<B>.fromOpaque($0) }
  }
}

func words(for error: any Error) -> String {
  (error as? PluginError)?.description ?? "\(error)"
}

/// Makes boxes of one class; `create` finds it in its component.
class Factory {
  func make(_ host: Host) throws -> Box { throw PluginError("not a factory") }
}

/// Makes an instance with the user's options.
func makeInstance<P: Component>(_ type: P.Type, host: Host) throws -> P {
  let instance = P()
  let reader = OptionReader(host: host.pointer)
  for (key, storage) in declaredOptions(of: instance) { try storage.fill(key, from: reader) }
  try instance.create(host)
  return instance
}

// What all four kinds share. `self` is a retained Box.

let createInstance:
  @convention(c) (
    UnsafePointer<ty_component>?, UnsafePointer<ty_host>?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
  ) -> ty_status = { component, host, result in
    guard let host, let result, let data = component?.pointee.data else { return TY_FAILED }
    do {
      let factory = Unmanaged<Factory>.fromOpaque(data).takeUnretainedValue()
      result.pointee = Unmanaged.passRetained(try factory.make(Host(host))).toOpaque()
      return TY_OK
    } catch {
      host.pointee.fail(host, words(for: error))
      return TY_FAILED
    }
  }

let destroyInstance: @convention(c) (UnsafeMutableRawPointer?) -> Void = { pointer in
  Box.from(pointer, as: Box.self)?.release()
}

let resetInstance: @convention(c) (UnsafeMutableRawPointer?) -> ty_status = { pointer in
  guard let box = Box.from(pointer, as: Box.self) else { return TY_FAILED }
  return box._withUnsafeGuaranteedRef { box in box.attempt { try box.reset(seed: 0, task: nil) } }
}

let saveInstance: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<ty_sink>?) -> ty_status = {
  pointer, sink in
  guard let box = Box.from(pointer, as: Box.self), let sink else { return TY_FAILED }
  return box._withUnsafeGuaranteedRef { box in box.attempt { try box.save(to: StateSink(pointer: sink)) } }
}

let loadInstance: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<ty_source>?) -> ty_status = {
  pointer, source in
  guard let box = Box.from(pointer, as: Box.self), let source else { return TY_FAILED }
  return box._withUnsafeGuaranteedRef { box in
    box.attempt { try box.load(from: StateSource(pointer: source)) }
  }
}
