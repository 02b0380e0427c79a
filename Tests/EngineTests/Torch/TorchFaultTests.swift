import Support
import Testing

/// What is said of a module, or of options, that cannot be used: before the first epoch, in a line of a person's.
@Suite(.enabled(if: hasTorch)) struct TorchFaultTests {
  private let program = Result { try TorchProgram() }

  struct Fault: Sendable, CustomTestStringConvertible {
    var module: String
    var model = ""
    var data = "file: data.csv, target: y"
    var words: String
    var testDescription: String { "\(module) \(model)" }
  }

  static let faults = [
    Fault(module: "missing", words: "there is no module"),
    Fault(module: "text", words: "cannot be loaded as a TorchScript module"),
    Fault(module: "state-dict", words: "save it in Python with torch.jit.script(model).save(path)"),
    Fault(module: "frozen", words: "has no parameter that can be trained"),
    Fault(module: "half", words: "holds Half numbers, which cannot be trained here"),
    Fault(module: "two-inputs", words: "forward() takes 2 inputs, and is called with one"),
    Fault(module: "binary", words: "mat1 and mat2 shapes cannot be multiplied (2x4 and 2x16)"),
    Fault(
      module: "classes",
      words: "the module gives [2, 3] for 2 rows, and a regression task needs [2] or [2, 1]"),
    Fault(
      module: "regression", model: "loss: cross_entropy", words: "the loss does not fit a regression task"),
    Fault(
      module: "regression", model: "loss: module", words: "the module exports no method loss(output, target)"),
    Fault(
      module: "regression", model: "input_shape: [2, 3]", words: "has 6 numbers, and a row of the data has 4"),
    Fault(module: "regression", model: "momentum: 0.9", words: "optimizer 'adam' has no 'momentum'"),
    Fault(
      module: "regression", model: "parameter_groups: [{match: 'norm.*', frozen: true}]",
      words: "no parameter matches 'norm.*' of 'parameter_groups'"),
    Fault(
      module: "regression", model: "parameter_groups: [{match: '*', lr: 1}]",
      words: "entry 1 of 'parameter_groups' has no 'lr'"),
    Fault(
      module: "plain", model: "initialize: reset_parameters",
      words: "'initialize' is reset_parameters, and the module exports no method of that name"),
    Fault(module: "regression", model: "device: cuda", words: "finds no CUDA device"),
    Fault(module: "regression", model: "device: abacus", words: "'device' cannot be 'abacus'"),
  ]

  @Test(arguments: faults) func `a fault is told before the first epoch`(_ fault: Fault) throws {
    let program = try program.get()
    if fault.model.contains("device: cuda"), try Shell.run(["test", "-e", "/dev/nvidia0"]).status == 0 {
      return
    }
    try program.write(
      "p.yaml", try program.pipeline(module: fault.module, model: fault.model, data: fault.data))
    let ran = try program.run("run", "p.yaml", "--name", "r")
    #expect(ran.status != 0)
    #expect(ran.errors.contains(fault.words), "\(ran.errors)")
    // Torch's own texts have tracebacks of many lines.
    #expect(ran.errors.split(separator: "\n").count <= 4, "\(ran.errors)")
    #expect(!ran.errors.contains("Exception raised from"))
  }
}
