import Glibc
import Support
import Testing

@testable import Trainyard

@Suite struct RunFolderTests {
  let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  private func names(_ folder: String? = nil) throws -> [String] {
    try Shell.check(["ls", "-A", folder ?? scratch.path]).output.split(separator: "\n").map(String.init)
  }

  // MARK: AtomicFile

  @Test func `a file is there whole, or as it was before`() throws {
    try AtomicFile.write("old", to: scratch("f"))
    #expect(throws: TestError.self) {
      try AtomicFile.write(to: scratch("f")) { file in
        try file.write("ne")
        throw TestError("half way")
      }
    }
    #expect(try readText(scratch("f")) == "old" && names() == ["f"])
    try AtomicFile.write("new", to: scratch("f"))
    #expect(try readText(scratch("f")) == "new" && names() == ["f"])
  }

  @Test func `nothing is left beside what cannot be replaced`() throws {
    let folder = try RunFolder(in: scratch.path, name: "taken")
    #expect(throws: FileError.self) { try AtomicFile.write("x", to: folder.path) }
    #expect(try names() == ["taken"] && names(folder.path).isEmpty)
    let error = #expect(throws: FileError.self) { try AtomicFile.write("x", to: scratch("none/f")) }
    #expect(error?.code == ENOENT && error?.path == scratch("none/f"))
  }

  // MARK: RunFolder

  @Test func `a name that is taken is an error`() throws {
    let folder = try RunFolder(in: scratch("a/b"), name: "first")
    #expect(folder.path == scratch("a/b/first") && PathName.isFolder(folder.path))
    let error = #expect(throws: RunFolderTaken.self) { try RunFolder(in: scratch("a/b"), name: "first") }
    #expect(error?.description == "the run folder '\(scratch("a/b/first"))' exists already")
  }

  @Test func `folders without a name are never the same`() throws {
    let paths = try (0..<5).map { _ in try RunFolder(in: scratch.path, name: nil).path }
    #expect(Set(paths).count == 5 && paths.allSatisfy(PathName.isFolder))
  }

  @Test(arguments: ["../x", "/etc/x", "a//b", "", "a/../../x", "a/..", "..", ".", "./a", "a/.", "a/", "/"])
  func `a path that leaves the folder, or has two spellings, is refused`(path: String) throws {
    let folder = try RunFolder(in: scratch.path, name: "run")
    #expect(throws: PathProblem.self) { try folder.append(path, [1]) }
    #expect(throws: PathProblem.self) { try folder.start(path) }
    #expect(throws: PathProblem.self) { try folder.remove(path) }
    #expect(throws: PathProblem.self) { try folder.place(path) }
    #expect(folder.size(path) == -1)
    #expect(try names() == ["run"] && names(folder.path).isEmpty)
  }

  @Test func `files are appended to, started anew and removed`() throws {
    let folder = try RunFolder(in: scratch.path, name: "run")
    try folder.append("logs/a..b", Array("one".utf8))
    try folder.append("logs/a..b", Array("two".utf8))
    #expect(folder.size("logs/a..b") == 6 && folder.size("logs") == -1 && folder.size("none") == -1)
    folder.closeFiles()
    try folder.append("logs/a..b", Array("3".utf8))
    #expect(try readText(folder.file("logs/a..b")) == "onetwo3")
    try folder.start("logs/a..b")
    #expect(folder.size("logs/a..b") == 0)
    try folder.append("logs/a..b", Array("new".utf8))
    #expect(try readText(folder.file("logs/a..b")) == "new")
    try folder.remove("logs/a..b")
    try folder.remove("logs/a..b")
    #expect(folder.size("logs/a..b") == -1)
    try folder.append("logs/a..b", [7])
    #expect(folder.size("logs/a..b") == 1, "not the file that is gone")
  }
}
