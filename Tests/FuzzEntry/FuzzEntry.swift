import Fuzzing
import Glibc

// The program that fuzzes. Built by `make fuzz` only: `-sanitize=fuzzer` brings the library.

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

public typealias FuzzerArguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

/// Of libFuzzer.
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
  _ count: UnsafeMutablePointer<Int32>, _ arguments: UnsafeMutablePointer<FuzzerArguments?>,
  _ one: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// Where SwiftPM lets a program of this name begin, instead of at libFuzzer's own main function.
@c public func trainyard_fuzz_main(_ count: Int32, _ arguments: FuzzerArguments?) -> Int32 {
  var (count, arguments) = (count, arguments)
  return runFuzzer(&count, &arguments, LLVMFuzzerTestOneInput)
}
