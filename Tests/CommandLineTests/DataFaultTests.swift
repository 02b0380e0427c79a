import Support
import Testing

/// Data files that cannot be trained on. The run ends before it has a folder.
@Suite struct DataFaultTests {
  let program: TrainyardProgram

  init() throws { program = try TrainyardProgram() }

  static let images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2] + Array("abcdefgh".utf8)
  static let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 2, 0, 1]

  static let csv = "csv:file=a.csv,target=y"
  static let gzipped = "csv:file=a.csv.gz,target=y"
  static let idx = "idx:images=images,labels=labels,classes=2"

  struct Fault {
    var data: String
    var files: [(name: String, bytes: [UInt8])]
    var errors: String

    init(_ data: String, _ files: [(String, [UInt8])], _ errors: String) {
      self.data = data
      self.files = files
      self.errors = errors
    }

    init(_ data: String, _ name: String, _ text: String, _ errors: String) {
      self.init(data, [(name, Array(text.utf8))], errors)
    }
  }

  static let faults: [Fault] = [
    Fault(
      csv, [],
      """
      error: cannot open 'FOLDER/a.csv': No such file or directory
        where: plugin 'csv', in create
        help:  check the path; a relative one counts from the pipeline file or, without one, from the working directory
      """),
    Fault(
      csv, "a.csv", "a,b,y\n1,2,x\n3,4\n",
      """
      error: line 3 of 'FOLDER/a.csv' has 2 cells, and the first line has 3
        where: plugin 'csv', in create
        help:  quote cells that contain the separator
      """),
    Fault(
      csv, "a.csv", "a,b,y\n1,two,x\n3,4,z\n",
      """
      error: text in a numeric column: 'two' in column 'b', line 2 of 'FOLDER/a.csv'
        where: plugin 'csv', in create
        help:  list 'b' in `categorical` or `ignore`, or list the text in `missing_values`
      """),
    Fault(
      csv, "a.csv", "a,b,y\n1,2,x\n3,NaN,z\n",
      """
      error: dataset 'csv': field 'b', row 1 is missing
        help:  set 'data.missing' to mean, median, most_frequent or zero, or leave such rows out
      """),
    Fault(
      csv, "a.csv", "a,b,y\n",
      """
      error: dataset 'csv' has no rows
        help:  check the file that it reads
      """),
    Fault(
      csv, "a.csv", "",
      """
      error: 'FOLDER/a.csv' is empty
        where: plugin 'csv', in create
        help:  a CSV file has at least a line with names
      """),
    Fault(
      csv, "a.csv", "a,b\n1,2\n",
      """
      error: `target` names a column 'y', which 'FOLDER/a.csv' does not have
        where: plugin 'csv', in create
        help:  its columns are a, b
      """),
    Fault(
      gzipped, [("a.csv.gz", [0x1f, 0x8b] + Array("garbage".utf8))],
      """
      error: 'FOLDER/a.csv.gz' is corrupt: unknown compression method, at byte 4 of the gzip file
        where: plugin 'csv', in create
        help:  get the file again, or test it with `gzip -t`
      """),
    Fault(
      idx, [("images", [1] + images.dropFirst()), ("labels", labels)],
      """
      error: 'FOLDER/images' is not an IDX file: it begins with 01 00 08 03, and an IDX file with 00 00, its type \
      (08, 09, 0b, 0c, 0d or 0e) and its number of dimensions (01 to 07)
        where: plugin 'idx', in create
        help:  give a file in the format that MNIST has
      """),
    Fault(
      idx, [("images", images.dropLast()), ("labels", labels)],
      """
      error: 'FOLDER/images' has the wrong length: it has 23 bytes, and its header asks for 24 bytes (2 × 2 × 2 values \
      of ubyte)
        where: plugin 'idx', in create
        help:  get the file again
      """),
    Fault(
      idx, [("images", images), ("labels", labels + [1])],
      """
      error: 'FOLDER/labels' has the wrong length: it has 11 bytes, and its header asks for 10 bytes (2 values of ubyte)
        where: plugin 'idx', in create
        help:  get the file again
      """),
    Fault(
      idx, [("images", images), ("labels", labels.dropLast() + [9])],
      """
      error: label 9 in row 1 of 'FOLDER/labels' is outside the classes, which are 0 to 1
        where: plugin 'idx', in create
        help:  rows count from 0; check `classes` or `class_names`
      """),
    Fault(
      idx,
      [("images", [0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2]), ("labels", [0, 0, 8, 1, 0, 0, 0, 0])],
      """
      error: dataset 'idx' has no rows
        help:  check the file that it reads
      """),
  ]

  @Test(arguments: faults.indices)
  func `data that cannot be used are refused with their place`(_ index: Int) throws {
    let fault = Self.faults[index]
    for file in fault.files { try program.folder.write(file.name, file.bytes) }
    let answer = try program.run(
      "run --data \(fault.data) --model mlp:hidden=[] --epochs 1 --batch-size 2 --output out")
    #expect(answer == TrainyardProgram.Answer(status: 2, errors: fault.errors + "\n"))
    #expect(try program.files("out") == [])
  }

  @Test func `a gzip file that is cut short is refused`() throws {
    let path = try program.folder.write("a.csv", "a,b,y\n1,2,x\n3,4,z\n")
    try Shell.check(["gzip", path])
    let bytes = try readFile(path + ".gz")
    try program.folder.write("a.csv.gz", bytes.prefix(24))
    let answer = try program.run("run --data \(Self.gzipped) --model mlp --batch-size 2 --output out")
    #expect(
      answer
        == TrainyardProgram.Answer(
          status: 2,
          errors: """
            error: 'FOLDER/a.csv.gz' is truncated: its gzip data ends at byte 24, before their end
              where: plugin 'csv', in create
              help:  get the file again

            """))
  }

  @Test func `a label that only validation has is refused before training`() throws {
    try program.folder.write("a.csv", "a,b,y\n1,2,x\n3,4,z\n")
    try program.folder.write("b.csv", "a,b,y\n1,2,x\n3,4,w\n")
    let answer = try program.run(
      "run --data \(Self.csv) --validation csv:file=b.csv,target=y --model mlp --batch-size 2 --output out")
    #expect(
      answer
        == TrainyardProgram.Answer(
          status: 2,
          errors: """
            error: dataset 'csv': the label 'w' in field 'y', row 1 is none of the 2 classes
              help:  the classes are: x, z

            """))
    #expect(try program.files("out") == [])
  }

  @Test func `weights that do not fit the model are refused`() throws {
    #expect(
      try program.run("run --data synthetic:rows=64 --model mlp:hidden=2 --epochs 1 --name one").status == 0)
    let line = "run --data synthetic:rows=64 --epochs 1 --name two --model "
    let answer = try program.run(
      line + "mlp:hidden=3 --set model.initial_weights=runs/one/model/weights.safetensors")
    #expect(answer.status == 2)
    #expect(answer.output == "")
    #expect(
      answer.errors.hasPrefix("error: model 'mlp' failed in assign of the initial weights: "),
      "\(answer.errors)")
    try program.folder.write("junk", "junk\n")
    #expect(
      try program.run(line + "mlp --set model.initial_weights=junk")
        == TrainyardProgram.Answer(
          status: 2,
          errors: """
            error: 'FOLDER/junk' is not a whole safetensors file: it has 5 bytes, and the header's length needs 8
              help:  give weights that a run has saved, such as model/weights.safetensors in its folder

            """))
    #expect(try program.files("runs").filter { !$0.hasPrefix("one") } == ["trainyard.db"])
  }
}
