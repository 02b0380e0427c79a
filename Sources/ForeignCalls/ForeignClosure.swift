import CFFI

/// A C function pointer with Swift behind it. Valid as long as the object.
final class ForeignClosure {
  /// Given the numbers of the call; a pointer counts as 0. Answers with the result.
  typealias Body = (Numbers) -> Double

  /// The arguments of one call, as numbers.
  struct Numbers {
    fileprivate let parameters: UnsafeBufferPointer<ForeignType>
    fileprivate let values: UnsafeMutablePointer<UnsafeMutableRawPointer?>?

    /// The first argument that is a number, and `isWhole` where only whole ones count; NaN: there is none.
    func first(isWhole: Bool = false) -> Double {
      for (index, parameter) in parameters.enumerated() {
        guard case .scalar(let scalar) = parameter, !isWhole || !scalar.isFloat, let value = values?[index]
        else {
          continue
        }
        return scalar.load(value)
      }
      return .nan
    }
  }

  let pointer: UnsafeMutableRawPointer
  private let closure: UnsafeMutableRawPointer
  private let interface: CallInterface
  private let returns: ForeignType
  private let parameters: UnsafeBufferPointer<ForeignType>
  private let body: Body

  init(
    returns: ForeignType, parameters: [ForeignType], _ body: @escaping Body
  ) throws(ForeignError) {
    interface = try CallInterface(returns: returns, parameters: parameters)
    self.returns = returns
    self.body = body
    let copy = UnsafeMutableBufferPointer<ForeignType>.allocate(capacity: parameters.count)
    _ = copy.initialize(from: parameters)
    self.parameters = UnsafeBufferPointer(copy)
    var code: UnsafeMutableRawPointer?
    guard let closure = ffi_closure_alloc(MemoryLayout<ffi_closure>.size, &code), let code else {
      copy.deallocate()
      throw ForeignError(
        .cannotPrepare, "the system gives no executable memory for a callback",
        help: "a policy such as SELinux's may forbid it; use a C function without callbacks")
    }
    self.closure = closure
    pointer = code
    let handler:
      @convention(c) (
        UnsafeMutablePointer<ffi_cif>?, UnsafeMutableRawPointer?,
        UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
        UnsafeMutableRawPointer?
      ) -> Void = { _, result, arguments, user in
        guard let user else { return }
        Unmanaged<ForeignClosure>.fromOpaque(user)._withUnsafeGuaranteedRef { $0.answer(result, arguments) }
      }
    let status = ffi_prep_closure_loc(
      closure.assumingMemoryBound(to: ffi_closure.self), interface.cif, handler,
      Unmanaged.passUnretained(self).toOpaque(), code)
    guard status == FFI_OK else {
      throw ForeignError(.cannotPrepare, "libffi cannot prepare the callback: status \(status.rawValue)")
    }
  }

  deinit {
    ffi_closure_free(closure)
    UnsafeMutableBufferPointer(mutating: parameters).deallocate()
  }

  private func answer(
    _ result: UnsafeMutableRawPointer?, _ arguments: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
  ) {
    let value = body(Numbers(parameters: parameters, values: arguments))
    guard let result, returns != .void else { return }
    // Small results are read by libffi in the width of a register.
    result.storeBytes(of: 0, as: UInt64.self)
    guard case .scalar(let scalar) = returns else { return }
    if scalar.isFloat {
      scalar.store(value, at: result)
    } else {
      result.storeBytes(of: Int64(exactly: value) ?? 0, as: Int64.self)
    }
  }
}
