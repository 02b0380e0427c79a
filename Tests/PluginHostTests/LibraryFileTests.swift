import Glibc
import Support
import Testing

@testable import PluginHost

/// What is seen of a file before any of its code runs.
@Suite struct LibraryFileTests {
  let fixture: Fixture

  init() throws { fixture = try Fixture() }

  static let notLibraries: [(bytes: [UInt8], found: String)] = [
    ([], "an empty file"),
    (Array("#!/bin/sh\n".utf8), "a script"),
    (Array("GROUP ( libmine.so.1 )\n".utf8), "a text file"),
    (Array("!<arch>\n".utf8), "a static archive"),
    ([0x1f, 0x8b, 8, 0], "a compressed file"),
    (Array("MZ\u{90}".utf8), "a Windows library"),
    ([0xcf, 0xfa, 0xed, 0xfe], "a macOS library"),
    ([0x7f, 0x45, 0x4c], "a file of an unknown format"),
  ]

  @Test(arguments: notLibraries)
  func `a file that is not ELF is named for what it is`(bytes: [UInt8], found: String) throws {
    let path = try fixture.folder.write("lib.so", bytes)
    #expect(try loadFault(path) == .notALibrary(found: found))
  }

  @Test func `what is no regular file is refused, and a pipe does not block`() throws {
    #expect(try loadFault(fixture.folder.path) == .notAFile(found: "a folder"))
    mkfifo(fixture.folder("pipe.so"), 0o600)
    #expect(try loadFault(fixture.folder("pipe.so")) == .notAFile(found: "a device or a pipe"))
    #expect(try loadFault(fixture.folder("none.so")) == .noSuchFile)
    #expect(try loadFault(fixture.folder("none/none.so")) == .noSuchFile)
  }

  @Test func `an object file and a program are no libraries`() throws {
    let source = try fixture.folder.write("main.c", "int main(void) { return 0; }\n")
    try Shell.check(["cc", "-c", source, "-o", fixture.folder("main.o")])
    try Shell.check(["cc", "-no-pie", source, "-o", fixture.folder("main")])
    #expect(
      try loadFault(fixture.folder("main.o")) == .notALibrary(found: "an object file that is not linked yet"))
    #expect(try loadFault(fixture.folder("main")) == .notALibrary(found: "a program"))
  }

  static let architectures: [(edits: [Int: UInt8], found: String)] = [
    ([18: 183, 19: 0], "aarch64 (64 bits)"),
    ([18: 3, 19: 0, 4: 1], "x86 (32 bits)"),
    ([18: 0, 19: 22, 5: 2], "s390x (64 bits, big-endian)"),
    ([18: 0x34, 19: 0x12], "machine 4660 (64 bits)"),
  ]

  #if arch(x86_64)
    @Test(arguments: architectures)
    func `another architecture is named, with ours`(edits: [Int: UInt8], found: String) throws {
      var bytes = try readFile(try fixture.library())
      for (offset, byte) in edits { bytes[offset] = byte }
      let path = try fixture.folder.write("other.so", bytes)
      #expect(try loadFault(path) == .otherArchitecture(found: found, expected: "x86-64 (64 bits)"))
    }
  #endif

  @Test func `a file that is cut anywhere is refused as cut`() throws {
    let bytes = try readFile(try fixture.library())
    // The section headers stand at the end of the file, so every cut loses some of them.
    for size in [4, 19, 20, 63, 64, 100, 512, bytes.count / 2, bytes.count - 64, bytes.count - 1] {
      let path = try fixture.folder.write("cut.so", bytes.prefix(size))
      guard case .truncated(size: size, needed: _) = try loadFault(path) else {
        Issue.record("cut to \(size) bytes: \(String(describing: try loadFault(path)))")
        continue
      }
    }
  }

  @Test func `no damage to the headers can make the reader trap`() throws {
    let bytes = try readFile(try fixture.library())
    var random: UInt64 = 1
    for _ in 0..<300 {
      var damaged = bytes
      for _ in 0..<4 {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        // Half of the damage in the file's header, half in the section headers.
        let place = Int(random >> 33)
        let offset = random & 1 << 32 == 0 ? place % 64 : bytes.count - 1 - place % 2000
        damaged[offset] = [0, 1, 0x7f, 0xff][Int(random >> 16 & 3)]
      }
      let path = try fixture.folder.write("damaged.so", damaged)
      _ = try? LibraryFile(path)
    }
  }

  @Test func `exported functions are found without loading`() throws {
    #expect(try LibraryFile(try fixture.library()).exportsEntry == true)
    // Hidden, as a Swift function without `public` is.
    let map = try fixture.folder.write("hide.map", "{ local: *; };\n")
    let hidden = try fixture.folder.write("hidden.c", "#include \"components.h\"\nENTRY((void)0)\n")
    let flags = ["-I", Fixture.sources, "-Wl,--version-script=\(map)"]
    let path = try compileLibrary([hidden], as: "hidden", in: fixture.folder, flags: flags)
    #expect(try LibraryFile(path).exportsEntry == false)
    #expect(try error(LoadError.self) { _ = try PluginLibrary.open(path) }?.code == .noEntryPoint)
    // A variable of that name is no entry.
    let variable = try fixture.folder.write(
      "data.c", "__attribute__((visibility(\"default\"))) int trainyard_plugin = 1;\n")
    #expect(
      try LibraryFile(try compileLibrary([variable], as: "data", in: fixture.folder)).exportsEntry == false)
  }

  // MARK: - Trust

  @Test func `a file that everyone can write is refused`() throws {
    let path = try fixture.library()
    chmod(path, 0o666)
    let found = try error(LoadError.self) { _ = try PluginLibrary.open(path) }
    #expect(found?.code == .unsafePermissions)
    #expect(
      found?.detail == "the file can be written by everyone, and so others could change the code that you run"
    )
    chmod(path, 0o644)
    #expect(try PluginLibrary.open(path).components.count == 4)
  }

  @Test func `a folder that everyone can write is refused unless it is sticky`() throws {
    let path = try fixture.library()
    chmod(fixture.folder.path, 0o777)
    let found = try error(LoadError.self) { _ = try PluginLibrary.open(path) }
    #expect(found?.code == .unsafePermissions)
    #expect(found?.detail.contains("its folder '\(fixture.folder.path)' can be written by everyone") == true)
    chmod(fixture.folder.path, 0o1777)
    #expect(try PluginLibrary.open(path).components.count == 4)
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
  func `a file of another user or of a group is refused`() throws {
    let path = try fixture.library()
    chown(path, 4321, 0)
    #expect(try loadFault(path) == nil)
    #expect(
      try error(LoadError.self) { _ = try PluginLibrary.open(path) }?.detail.contains(
        "belongs to another user (4321)") == true)
    chown(path, 0, 4321)
    chmod(path, 0o664)
    #expect(
      try error(LoadError.self) { _ = try PluginLibrary.open(path) }?.detail.contains(
        "can be written by the group 4321") == true)
  }

  /// What the look from outside finds wrong, or `nil`.
  private func loadFault(_ path: String) throws -> LoadFault? {
    try error(LoadFault.self) { _ = try LibraryFile(path) }
  }
}
