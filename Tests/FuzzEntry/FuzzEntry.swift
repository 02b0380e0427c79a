import Fuzzing
import Glibc

// What libFuzzer calls; its library has the main function. Built by `make fuzz` only.

/// `FUZZ_TARGET` says which.
private let target: FuzzTarget = {
  let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
  guard let target = FuzzTarget.named(name) else {
    preconditionFailure("FUZZ_TARGET is '\(name)'; it must be one of \(FuzzTarget.all.map(\.name))")
  }
  return target
}()

@c public func LLVMFuzzerTestOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  target.run(Array(UnsafeBufferPointer(start: data, count: count)))
  return 0
}
