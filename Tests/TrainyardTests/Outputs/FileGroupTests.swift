import Glibc
import Support
import Testing

@testable import Trainyard

/// Files that come into being together: none has its name before all are there, and what failed leaves nothing behind.
@Suite struct FileGroupTests {
  let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  private func names(_ folder: String = "") throws -> [String] {
    try Shell.check(["find", scratch(folder), "-mindepth", "1", "-printf", "%P\n"]).output
      .split(separator: "\n").map(String.init).sorted()
  }

  private func addModel(to group: FileGroup, _ text: String) throws {
    try group.addFolder(as: scratch("model")) { folder in
      try folder.add("\(text) weights", as: "weights")
      try folder.add("\(text) names", as: "names")
    }
  }

  @Test func `no file has its name before the group is committed, and then all have`() throws {
    try scratch.write("summary", "of before")
    let group = FileGroup()
    try addModel(to: group, "new")
    try group.add("new", as: scratch("summary"))
    #expect(try names().filter { !$0.contains(".part") } == ["summary"])
    #expect(try readText(scratch("summary")) == "of before")
    try group.commit()
    #expect(try names() == ["model", "model/names", "model/weights", "summary"])
    #expect(try readText(scratch("summary")) == "new" && readText(scratch("model/weights")) == "new weights")
    // What is done is done.
    group.discard()
    #expect(try names().count == 4)
  }

  @Test func `a folder replaces the one of its name`() throws {
    try PathName.makeFolders(scratch("model"))
    try scratch.write("model/old", "1")
    let group = FileGroup()
    try addModel(to: group, "new")
    #expect(try names("model") == ["old"])
    try group.commit()
    #expect(try names() == ["model", "model/names", "model/weights"])
  }

  @Test func `a group that is not committed leaves nothing`() throws {
    do {
      let group = FileGroup()
      try addModel(to: group, "new")
      try group.add("x", as: scratch("summary"))
      #expect(try names().count == 4)
    }
    #expect(try names().isEmpty)
  }

  @Test func `what fails half way is left out, and the rest comes into being`() throws {
    let group = FileGroup()
    try group.add("x", as: scratch("summary"))
    #expect(throws: TestError.self) {
      try group.add(as: scratch("table")) { file in
        try file.write("half")
        throw TestError("half way")
      }
    }
    #expect(throws: TestError.self) {
      try group.addFolder(as: scratch("model")) { folder in
        try folder.add("whole", as: "weights")
        throw TestError("half way")
      }
    }
    let error = #expect(throws: FileError.self) {
      try group.addFolder(as: scratch("model")) { try $0.add("x", as: "none/weights") }
    }
    #expect(error?.path == scratch("model/none/weights") && error?.code == ENOENT)
    try group.commit()
    #expect(try names() == ["summary"])
  }

  @Test func `where a name cannot be given, nothing is left beside it`() throws {
    try PathName.makeFolders(scratch("taken/inside"))
    let group = FileGroup()
    try group.add("x", as: scratch("taken"))
    let error = #expect(throws: FileError.self) { try group.commit() }
    #expect(error?.path == scratch("taken") && error?.action == "write")
    #expect(try names() == ["taken", "taken/inside"])
  }

  @Test func `more files than wait for the disk at once are all made safe`() throws {
    let group = FileGroup()
    for index in 0..<40 { try group.add("\(index)", as: scratch("\(index)")) }
    try group.commit()
    #expect(try names().count == 40)
    for index in 0..<40 { #expect(try readText(scratch("\(index)")) == "\(index)") }
  }

  @Test(arguments: [0, 1, 20, 39])
  func `one that cannot be synced fails all, whichever it is`(place: Int) throws {
    // O_PATH, which Swift does not see: a descriptor that can be had twice and not be synced.
    let broken = open("/", 0o10_000_000 | O_CLOEXEC)
    defer { close(broken) }
    let group = FileGroup()
    for index in 0..<40 {
      if index == place { group.include([try SyncedFile(broken, "broken")]) }
      try group.add("x", as: scratch("\(index)"))
    }
    let error = #expect(throws: FileError.self) { try group.commit() }
    #expect(error?.path == "broken" && error?.action == "sync" && error?.code == EBADF)
    #expect(try names().isEmpty)
  }
}
