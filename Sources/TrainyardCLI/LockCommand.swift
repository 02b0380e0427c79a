import ArgumentParser
import Trainyard

/// `trainyard lock`: nothing but these libraries is opened from now on.
struct LockCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lock", abstract: "Pins the libraries of a pipeline: trainyard.lock, beside it.",
    discussion: """
      Writes the sha256 of every library that the pipeline opens, and of what they need beside the system's. While the file \
      is there, a library that is not in it or is not what it was is not opened: its bytes are copied, compared and \
      loaded from the copy, so that a swap between the two does not help. `trainyard run --locked` refuses to start \
      without it.
      """)

  @OptionGroup var pipelineFlags: PipelineFlags

  func run() throws {
    var arguments = PipelineArguments(pipelineFlags)
    arguments.obeysLock = false
    let pins = try LockFile.write(for: try arguments.pipeline())
    for pin in pins.pins {
      try StandardOutput.line("\(pin.sha256.prefix(16))…  \(pin.file)")
      for need in pin.needs {
        try StandardOutput.line("\(need.sha256.prefix(16))…    \(need.name), which it needs")
      }
    }
    try StandardOutput.line(
      "\n\(pins.source): \(pins.pins.count) \(pins.pins.count == 1 ? "library" : "libraries")")
  }
}
