import Support
import Testing

/// The models over engines keep the contract.
@Suite(.enabled(if: BoosterProgram.python != nil)) struct BoosterCheckTests {
  @Test(arguments: BoosterProgram.Engine.allCases)
  func `check finds nothing`(engine: BoosterProgram.Engine) throws {
    let program = try BoosterProgram()
    let report = try program.run(["check", engine.rawValue, "--level", "strict"])
    #expect(report.status == 0, "\(report.output)")
    #expect(!report.output.contains("\n    warning "), "\(report.output)")
  }
}
