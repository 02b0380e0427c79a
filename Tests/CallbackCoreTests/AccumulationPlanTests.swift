import PluginKit
import Testing

@testable import CallbackCore

@Suite struct AccumulationPlanTests {
  @Test func `a factor holds from its epoch on`() throws {
    let plan = try AccumulationPlan(JSONText(#"{"4": 2, "1": 8}"#))
    #expect((0..<6).map(plan.factor) == [1, 8, 8, 8, 2, 2])
  }

  static let refused = [
    "{}", #"{"a": 1}"#, #"{"-1": 1}"#, #"{"1": 0}"#, #"{"1": 1.5}"#, #"{"1": "2"}"#, #"{"1": 1, "01": 2}"#,
    "3",
  ]

  @Test(arguments: refused) func `refuses what is no plan`(table: String) {
    #expect(throws: PluginError.self) { try AccumulationPlan(JSONText(table)) }
  }
}
