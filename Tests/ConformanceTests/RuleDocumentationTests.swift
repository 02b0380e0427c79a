import Conformance
import Support
import Testing

@Suite struct RuleDocumentationTests {
  @Test func `every rule about libraries, processes, costs and kinds is explained`() throws {
    let page = try readText(packageFolder() + "/docs/check-rules.md")
    let families = [
      "load-e", "load-d", "entry-", "memory-", "process-", "heap-", "batch-", "hook-", "isolated-", "model-",
      "monitor-", "dataset-",
    ]
    let own = Rule.all.map(\.id).filter { id in families.contains { id.hasPrefix($0) } }
    #expect(own.count > 30)
    #expect(own.filter { !page.contains("`\($0)`") } == [])
  }
}
