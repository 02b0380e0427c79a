import Testing

@testable import CallbackCore

@Suite struct CSVRowTests {
  @Test func `quotes only what must be quoted`() {
    #expect(
      CSVRow(separator: ",").line(["0", "a b", "x,y", "say \"hi\"", "1\r\n2", ""])
        == "0,a b,\"x,y\",\"say \"\"hi\"\"\",\"1\r\n2\",\r\n")
    #expect(CSVRow(separator: "\t").line(["x,y", "x\ty"]) == "x,y\t\"x\ty\"\r\n")
  }

  @Test func `writes a list as Keras does, its quotes doubled`() {
    #expect(CSVRow.list([0.1, 1]) == "\"[0.1, 1.0]\"")
    #expect(CSVRow(separator: ";").line([CSVRow.list([0.1, 1])]) == "\"\"\"[0.1, 1.0]\"\"\"\r\n")
  }

  @Test func `sorts columns by code point and adds twins where validation has not run`() {
    #expect(
      CSVRow.columns(for: ["loss", "Zeta", "accuracy"])
        == ["Zeta", "accuracy", "loss", "val_Zeta", "val_accuracy", "val_loss"])
    #expect(CSVRow.columns(for: ["val_loss", "loss"]) == ["loss", "val_loss"])
    // Swift orders texts by their composed form, in which this é stands behind the f.
    #expect(CSVRow.columns(for: ["f", "e\u{301}", "val_f"]).first == "e\u{301}")
    #expect(CSVRow.columns(for: []) == [])
  }
}
