import Support
import Testing

/// What a loop in Python makes of the same module, optimizer and batches, the host makes too.
@Suite(.enabled(if: hasTorch)) struct TorchParityTests {
  private let program = Result { try TorchProgram() }

  struct Case: Sendable, CustomTestStringConvertible {
    var model: String
    var optimizer: String
    var module = "regression"
    var data = "file: data.csv, target: y"
    var testDescription: String { "\(module), \(model)" }
  }

  static let cases = [
    Case(
      model: "optimizer: sgd, learning_rate: 0.05, momentum: 0.9, nesterov: true, weight_decay: 0.01",
      optimizer: "torch.optim.SGD(module.parameters(), 0.05, 0.9, nesterov=True, weight_decay=0.01)"),
    Case(
      model: "optimizer: adam, learning_rate: 0.01, accumulate_grad_batches: 3, clip_norm: 0.5",
      optimizer: "torch.optim.Adam(module.parameters(), 0.01)"),
    Case(
      model:
        "optimizer: adamw, learning_rate: 0.01, parameter_groups: [{match: '*.bias', weight_decay: 0, learning_rate: 0.03}]",
      optimizer:
        "torch.optim.AdamW([{'params': [p for n, p in module.named_parameters() if n.endswith('bias')], 'weight_decay': 0.0, 'lr': 0.03}, {'params': [p for n, p in module.named_parameters() if not n.endswith('bias')]}], 0.01, weight_decay=0.01)"
    ),
    Case(
      model: "optimizer: rmsprop, learning_rate: 0.005, momentum: 0.5, centered: true",
      optimizer: "torch.optim.RMSprop(module.parameters(), 0.005, momentum=0.5, centered=True)"),
    Case(
      model: "optimizer: adagrad, learning_rate: 0.05, learning_rate_decay: 0.01",
      optimizer: "torch.optim.Adagrad(module.parameters(), 0.05, lr_decay=0.01)"),
    Case(
      model: "optimizer: lbfgs, learning_rate: 0.5, max_iterations: 4",
      optimizer: "torch.optim.LBFGS(module.parameters(), 0.5, max_iter=4)"),
    Case(
      model: "optimizer: adam, learning_rate: 0.01", optimizer: "torch.optim.Adam(module.parameters(), 0.01)",
      module: "classes", data: "file: classes.csv, target: y, target_type: category"),
    Case(
      model: "optimizer: sgd, learning_rate: 0.05", optimizer: "torch.optim.SGD(module.parameters(), 0.05)",
      data: "file: weighted.csv, target: y, weight: w"),
    Case(
      model: "optimizer: sgd, learning_rate: 0.05, loss: module",
      optimizer: "torch.optim.SGD(module.parameters(), 0.05)", module: "own-loss"),
  ]

  @Test(arguments: cases) func `training equals a loop in Python`(_ scene: Case) throws {
    let program = try program.get()
    let module = try TorchProgram.module(scene.module)
    let train = scene.model.contains("lbfgs") ? "batch_size: 120" : ""
    var text = try program.pipeline(
      module: scene.module, model: scene.model, data: scene.data,
      rest: "callbacks: [csv-logger, {plugin: torch-export, module: \(module)}]")
    if !train.isEmpty { text = text.replacing("batch_size: 16", with: train) }
    try program.write("p.yaml", text)
    // What the script reads, whatever the data is.
    let file = scene.data.split(separator: ",")[0].dropFirst("file: ".count)
    if file != "data.csv" { try program.write("data.csv", try program.text(String(file))) }
    let ran = try program.run("run", "p.yaml", "--quiet", "--name", "r")
    try #require(ran.status == 0, "\(ran.output)\(ran.errors)")
    let predicted = try program.run(
      "predict", "runs/r", "--data",
      "csv:file=data.csv,ignore=[y,w]".replacing(file == "weighted.csv" ? "" : ",w", with: ""),
      "--output", "predictions.csv")
    try #require(predicted.status == 0, "\(predicted.output)\(predicted.errors)")
    let compared = try program.python("parity.py", "runs/r", scene.optimizer, "predictions.csv")
    #expect(compared.status == 0, "\(compared.output)\(compared.errors)")
  }
}
