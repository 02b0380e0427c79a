import Glibc
import Support
import Testing

@testable import Trainyard

/// Whatever plugins do to a run's files after a checkpoint, the files can be put back to what they were at it.
@Suite struct FileUndoTests {
  let folder: TemporaryFolder
  let resume: String

  init() throws {
    folder = try TemporaryFolder()
    resume = folder("resume")
    try PathName.makeFolders(resume)
  }

  enum Change: String, CaseIterable {
    case append, start, remove, save, removeAndSave, removeAndAppend, startTwice, create, createAndRemove,
      saveNew
  }

  private func make(_ change: Change, _ run: RunFolder) throws {
    func save(_ name: String, _ text: String) throws { try AtomicFile.write(text, to: try run.place(name)) }
    switch change {
    case .append: try run.append("log.csv", Array("more\n".utf8))
    case .start:
      try run.start("log.csv")
      try run.append("log.csv", Array("anew\n".utf8))
    case .startTwice:
      try run.start("log.csv")
      try run.append("log.csv", Array("a very long line, longer than what was there\n".utf8))
      try run.start("log.csv")
    case .remove: try run.remove("log.csv")
    case .removeAndAppend:
      try run.remove("log.csv")
      try run.append("log.csv", Array("again\n".utf8))
    case .save: try save("best/weights", "second")
    case .removeAndSave:
      try run.remove("best/weights")
      try save("best/weights", "third")
      try save("best/weights", "fourth")
    case .create: try run.append("new/file.csv", Array("row\n".utf8))
    case .createAndRemove:
      try run.append("new.csv", Array("row\n".utf8))
      try run.remove("new.csv")
    case .saveNew: try save("other", "x")
    }
  }

  private func begin() throws -> (RunFolder, FileUndo) {
    let run = RunFolder(resuming: folder.path, [:])
    let undo = FileUndo(resume)
    run.undo = undo
    // Before the first checkpoint nothing is kept.
    try run.append("log.csv", Array("one\n".utf8))
    try run.start("log.csv")
    try run.append("log.csv", Array("head\nrow\n".utf8))
    try AtomicFile.write("first", to: try run.place("best/weights"))
    #expect(!PathName.exists(resume + "/undo.jsonl"))
    return (run, undo)
  }

  private func files() throws -> [String: [UInt8]] {
    let names = PathName.files(below: folder.path).filter { !$0.hasPrefix("resume/") }
    return try Dictionary(uniqueKeysWithValues: names.map { ($0, try readFile(folder($0))) })
  }

  @Test(arguments: Change.allCases)
  func `a change is undone`(_ change: Change) throws {
    let (run, undo) = try begin()
    let lengths = try run.appendedFiles().lengths
    let before = try files()
    undo.taken(1)
    try make(change, run)
    run.closeFiles()
    #expect(try FileUndo.restore(folder.path, to: 1, lengths: lengths, in: resume) == [])
    #expect(try files() == before)
    // Doing it again, as after a failure in its midst, changes nothing.
    #expect(try FileUndo.restore(folder.path, to: 1, lengths: lengths, in: resume) == [])
    #expect(try files() == before)
    #expect(PathName.files(below: resume).filter { $0.hasPrefix("kept/") } == [])
  }

  @Test(arguments: Change.allCases, Change.allCases)
  func `changes since an older checkpoint are undone, too`(_ first: Change, _ second: Change) throws {
    let (run, undo) = try begin()
    let lengths = try run.appendedFiles().lengths
    let before = try files()
    undo.taken(1)
    try make(first, run)
    undo.taken(2)
    try make(second, run)
    run.closeFiles()
    #expect(try FileUndo.restore(folder.path, to: 1, lengths: lengths, in: resume) == [])
    #expect(try files() == before)
  }

  @Test(arguments: Change.allCases, Change.allCases)
  func `a run that goes on keeps what an older checkpoint needs`(_ first: Change, _ second: Change) throws {
    let (run, undo) = try begin()
    let (old, atOld) = (try run.appendedFiles().lengths, try files())
    undo.taken(1)
    try make(first, run)
    let (new, atNew) = (try run.appendedFiles().lengths, try files())
    undo.taken(2)
    try make(second, run)
    run.closeFiles()
    #expect(try FileUndo.restore(folder.path, to: 2, lengths: new, in: resume) == [])
    #expect(try files() == atNew)
    let again = RunFolder(resuming: folder.path, new)
    let undoAgain = FileUndo(resume, from: 2)
    again.undo = undoAgain
    undoAgain.taken(2)
    try make(second, again)
    again.closeFiles()
    // The second checkpoint turns out to be damaged.
    #expect(try FileUndo.restore(folder.path, to: 1, lengths: old, in: resume) == [])
    #expect(try files() == atOld)
  }

  @Test func `what no checkpoint needs any more is let go`() throws {
    let (run, undo) = try begin()
    undo.taken(1)
    try run.remove("log.csv")
    #expect(PathName.entries(of: resume + "/kept").count == 1)
    undo.taken(2)
    try undo.forget(before: 1)
    #expect(PathName.entries(of: resume + "/kept").count == 1)
    try undo.forget(before: 2)
    #expect(PathName.entries(of: resume + "/kept") == [])
    #expect(try readText(resume + "/undo.jsonl") == "")
  }

  @Test(arguments: ["../outside", "/etc/hostname", "link/file", "a/../../outside", "", "link"])
  func `no path that is read leads out of the run's folder`(_ name: String) throws {
    let outside = try TemporaryFolder()
    try outside.write("file", "precious")
    symlink(outside.path, folder("link"))
    let entry = FileUndo.Entry(after: 1, file: name, kept: nil)
    try folder.write("resume/undo.jsonl", JSONWriter.compact(entry.json) + "\n")
    let problems = try FileUndo.restore(folder.path, to: 1, lengths: [name: 0], in: resume)
    #expect(problems.count == 2)
    #expect(try readText(outside("file")) == "precious")
    #expect(PathName.exists("/etc/hostname"))
  }

  @Test func `lines that a failure of the machine has cut off are passed over`() throws {
    let (run, undo) = try begin()
    let lengths = try run.appendedFiles().lengths
    let before = try files()
    undo.taken(1)
    try run.remove("log.csv")
    let text = try readText(resume + "/undo.jsonl")
    try folder.write("resume/undo.jsonl", text + "{\"after\": 1, \"file\": \"best/wei")
    #expect(try FileUndo.restore(folder.path, to: 1, lengths: lengths, in: resume) == [])
    #expect(try files() == before)
  }

  @Test func `a journal that counts beyond all numbers is no journal`() throws {
    let (run, undo) = try begin()
    undo.taken(1)
    try folder.write(
      "resume/undo.jsonl", "{\"after\": 1, \"file\": \"a\", \"kept\": \"9223372036854775806\"}\n")
    let next = FileUndo(resume, from: 2)
    run.undo = next
    next.taken(2)
    try run.remove("log.csv")
    #expect(try readText(resume + "/undo.jsonl").hasSuffix("\"kept\": \"000001\"}\n"))
  }

  @Test func `a file that somebody has shortened or taken away is told of`() throws {
    let (run, _) = try begin()
    let lengths = try run.appendedFiles().lengths
    run.closeFiles()
    try folder.write("log.csv", "he")
    #expect(
      try FileUndo.restore(folder.path, to: 1, lengths: lengths, in: resume)
        == ["'log.csv' has 2 bytes, and had 9 at the checkpoint: something is missing in it"])
    unlink(folder("log.csv"))
    #expect(
      try FileUndo.restore(folder.path, to: 1, lengths: lengths, in: resume)
        == ["'log.csv' is gone: it begins anew"])
  }

  @Test func `what a killed process had begun to write goes`() throws {
    let (run, undo) = try begin()
    let lengths = try run.appendedFiles().lengths
    let before = try files()
    undo.taken(1)
    try folder.write("best/weights.4711.part", "half")
    try folder.write("x.csv.12.part", "half")
    #expect(try FileUndo.restore(folder.path, to: 1, lengths: lengths, in: resume) == [])
    #expect(try files() == before)
  }
}
