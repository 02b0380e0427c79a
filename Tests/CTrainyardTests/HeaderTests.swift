import CTrainyard
import Support
import Testing

/// The header as plugin authors compile it, with the compilers of this machine.
@Suite struct HeaderTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static let dialects: [(compiler: String, standard: String)] = [
    ("cc", "c99"), ("cc", "c11"), ("cc", "c17"), ("c++", "c++17"), ("clang", "c99"), ("clang", "c17"),
    ("clang++", "c++17"),
  ].filter { compiler, _ in
    // The system's compilers must be there; a second family is tried where it is.
    !compiler.hasPrefix("clang") || (try? Shell.run([compiler, "--version"]))?.status == 0
  }

  @Test(arguments: dialects)
  func `the header compiles without a warning, alone and twice`(compiler: String, standard: String) throws {
    let name = standard.hasPrefix("c++") ? "all.cc" : "all.c"
    let source = try folder.write(
      name,
      """
      #include "trainyard.h"
      #include "trainyard.h"
      TY_EXPORT const ty_module *trainyard_plugin(const ty_entry_args *args) {
        args->refuse(args->context, "no");
        return 0;
      }
      int main(void) {
        ty_event event;
        event.metric_count = 0;
        return ty_event_has(&event, 3);
      }
      """)
    let result = try compile(source, by: compiler, as: standard)
    #expect(result.status == 0)
    #expect(result.errors == "")
  }

  @Test(arguments: [("cc", "c11"), ("c++", "c++17")])
  func `every struct keeps its size and offsets`(compiler: String, standard: String) throws {
    let table = packageFolder() + "/Tests/CTrainyardTests/Fixtures/layout.c"
    let language = standard.hasPrefix("c++") ? "c++" : "c"
    let result = try compile(table, by: compiler, as: standard, flags: ["-x", language])
    #expect(result.status == 0, "\(result.errors)")
  }

  @Test func `the table of sizes and offsets leaves no struct out`() throws {
    let table = try readText(packageFolder() + "/Tests/CTrainyardTests/Fixtures/layout.c")
    let header = try readText(headerFolder + "/trainyard.h")
    let names = header.split(separator: "\n").compactMap { line -> Substring? in
      let words = line.split(separator: " ")
      guard words.last == "{", let word = words.firstIndex(of: "struct") else { return nil }
      return words[word + 1]
    }
    #expect(names.count > 25)
    for name in names { #expect(table.contains("SIZE(\(name), ")) }
  }

  @Test func `Swift sees the structs as C does`() {
    #expect(MemoryLayout<ty_event>.size == 88)
    #expect(MemoryLayout<ty_host>.size == 168)
    #expect(MemoryLayout<ty_callback>.size == 144)
    #expect(MemoryLayout<ty_model>.size == 144)
    #expect(MemoryLayout<ty_tensor>.size == 48)
    #expect(MemoryLayout<ty_step>.size == 72)
    #expect(MemoryLayout<ty_step>.offset(of: \.prediction) == 24)
    #expect(MemoryLayout<ty_component>.size == 64)
  }

  @Test func `a tensor has the layout of DLPack's DLTensor`() {
    #expect(MemoryLayout<ty_tensor>.offset(of: \.data) == 0)
    #expect(MemoryLayout<ty_tensor>.offset(of: \.device) == 8)
    #expect(MemoryLayout<ty_tensor>.offset(of: \.ndim) == 16)
    #expect(MemoryLayout<ty_tensor>.offset(of: \.dtype) == 20)
    #expect(MemoryLayout<ty_tensor>.offset(of: \.shape) == 24)
    #expect(MemoryLayout<ty_tensor>.offset(of: \.strides) == 32)
    #expect(MemoryLayout<ty_tensor>.offset(of: \.byte_offset) == 40)
  }

  private func compile(
    _ source: String, by compiler: String, as standard: String, flags: [String] = []
  ) throws -> Shell.Result {
    try Shell.run(
      [compiler, "-std=\(standard)", "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only"]
        + flags + ["-I", headerFolder, source])
  }
}
