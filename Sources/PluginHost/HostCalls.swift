import CTrainyard

// From a `ty_host` back to its instance. Functions of the file, because plain C functions cannot capture a type.

/// The most elements that an instance may hand over in one list.
let mostElements = 1 << 20

func withInstance<R>(_ host: UnsafePointer<ty_host>?, _ otherwise: R, _ body: (InstanceContext) -> R) -> R {
  guard let context = host?.pointee.context else { return otherwise }
  return Unmanaged<InstanceContext>.fromOpaque(context)._withUnsafeGuaranteedRef { context in
    context.call.pointee.attention |= CallRecord.wasUsed
    guard let watch = context.watch else { return body(context) }
    watch.hostBegins()
    defer { watch.hostEnds() }
    return body(context)
  }
}

/// For what only a callback's hooks may do.
func inHook<R>(
  _ host: UnsafePointer<ty_host>?, _ function: String, _ otherwise: R, _ body: (InstanceContext) -> R
) -> R {
  withInstance(host, otherwise) { context in
    guard context.runningCall.isHook else {
      context.misuse("\(function) may be called in a callback's hooks only")
      return otherwise
    }
    return body(context)
  }
}

/// For what hooks and a monitor's `compute` may do.
func inHookOrCompute<R>(
  _ host: UnsafePointer<ty_host>?, _ function: String, _ otherwise: R, _ body: (InstanceContext) -> R
) -> R {
  withInstance(host, otherwise) { context in
    guard context.runningCall.isHook || context.runningCall == .compute else {
      context.misuse("\(function) may be called in a callback's hooks and a monitor's compute only")
      return otherwise
    }
    return body(context)
  }
}

/// For what `create`, `on_train_begin` and `prepare` may do.
func inBegin<R>(
  _ host: UnsafePointer<ty_host>?, _ function: String, _ otherwise: R, _ body: (InstanceContext) -> R
) -> R {
  withInstance(host, otherwise) { context in
    guard context.runningCall == .create || context.runningCall.isBegin else {
      context.misuse("\(function) may be called in create, on_train_begin and prepare only")
      return otherwise
    }
    return body(context)
  }
}

func readOption<R>(
  _ host: UnsafePointer<ty_host>?, _ key: UnsafePointer<CChar>?, _ function: String, _ otherwise: R,
  _ body: (OptionTable, String) throws -> R
) -> R {
  withInstance(host, otherwise) { context in
    guard let options = context.options else {
      context.misuse("\(function) may be called in create only")
      return otherwise
    }
    do {
      return try body(options, try Foreign.text(key))
    } catch let misuse as OptionTable.Misuse {
      context.misuse(misuse.words)
    } catch let fault as Foreign.TextFault {
      context.misuse("\(function): the key is \(fault.words)")
    } catch {
      context.misuse("\(function): \(error)")
    }
    return otherwise
  }
}

func givenName(
  _ context: InstanceContext, _ name: UnsafePointer<CChar>?, _ function: String
) -> String? {
  let fault: String
  do {
    let name = try Foreign.text(name, limit: 257)
    if !name.isEmpty { return name }
    fault = "empty"
  } catch {
    fault = error.words
  }
  context.misuse("\(function): the name is \(fault)")
  return nil
}
