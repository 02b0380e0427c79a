import Glibc
import PluginHost

/// A project for a new plugin: it builds as it stands, has a test that runs `trainyard check`, and a README.
public struct NewProject {
  public enum Language: String, CaseIterable, Sendable {
    case swift, c, cpp, rust
  }

  public enum Kind: String, CaseIterable, Sendable {
    case callback, model, monitor, dataset
  }

  public let kind: Kind
  public let language: Language
  private let name: ProjectName
  private let files: AuthorFiles

  /// Throws `ProjectError`: a name that cannot be a plugin's id, or no templates.
  public init(_ kind: Kind, name: String, in language: Language) throws {
    self.kind = kind
    self.language = language
    self.name = try ProjectName(name)
    files = try AuthorFiles.find()
  }

  /// The commands that build and test it, in its folder.
  public var commands: [String] { [build, test] }

  private var build: String {
    switch language {
    case .swift: "swift build"
    case .c, .cpp: "make"
    case .rust: "cargo build --release"
    }
  }

  private var test: String {
    switch language {
    case .swift: "swift test"
    case .c, .cpp: "make test"
    case .rust: "cargo test"
    }
  }

  /// The library that is built, from the project's folder.
  public var library: String {
    switch language {
    case .swift: "./.build/debug/lib\(name.id).so"
    case .c, .cpp: "./lib\(name.id).so"
    case .rust: "./target/release/lib\(name.name).so"
    }
  }

  // MARK: Writing

  /// Makes the folder, which must not be there yet, with everything in it or not at all.
  public func write(to folder: String) throws {
    guard !PathName.exists(folder) else { throw ProjectError.folderTaken(folder) }
    let temporary = "\(folder).\(getpid()).part"
    PathName.remove(temporary)
    do {
      do { try PathName.makeFolders(temporary) } catch let error as FileError {
        throw ProjectError.cannotMake(error, folder: folder)
      }
      for part in ["common", kind.rawValue] {
        try copy(files.templates + "/\(language.rawValue)/\(part)", to: temporary)
      }
      switch language {
      case .swift: break
      case .c, .rust: try copyFile(files.header, to: temporary + "/trainyard.h")
      case .cpp:
        try copyFile(files.header, to: temporary + "/trainyard.h")
        try copyFile(files.cppHeader, to: temporary + "/trainyard.hpp")
      }
      guard rename(temporary, folder) == 0 else { throw FileError("make the folder", folder) }
    } catch {
      PathName.remove(temporary)
      throw error
    }
  }

  /// A folder of templates, with all below it.
  private func copy(_ source: String, to target: String) throws {
    for entry in PathName.entries(of: source) {
      let from = PathName.join(source, entry)
      let to = PathName.join(target, fileName(entry))
      if PathName.isFolder(from) {
        try PathName.makeFolders(to)
        try copy(from, to: to)
      } else {
        guard let text = String(validating: try InputFile.read(from), as: UTF8.self) else {
          throw ProjectError.notText(from)
        }
        try AtomicFile.write(filled(text), to: to)
      }
    }
  }

  /// A template that would not compile as it stands says so in its name.
  private func fileName(_ template: String) -> String {
    if template == "gitignore" { return ".gitignore" }
    let mark = ".template"
    return filled(template.hasSuffix(mark) ? String(template.dropLast(mark.count)) : template)
  }

  private func copyFile(_ source: String, to target: String) throws {
    try AtomicFile.write(try InputFile.read(source), to: target)
  }

  /// The text with its places filled, each once: nothing that is filled in is looked at again.
  private func filled(_ text: String) -> String {
    let values = [
      "id": name.id, "name": name.name, "Type": name.type, "kind": kind.rawValue, "language": languageName,
      "library": library, "build": build, "test": test, "try": use, "layout": layout, "kit": files.kit,
      "trainyard": files.command,
    ]
    var result = ""
    var rest = text[...]
    while let start = rest.firstRange(of: "{{"), let end = rest[start.upperBound...].firstRange(of: "}}") {
      result += rest[..<start.lowerBound]
      let key = String(rest[start.upperBound..<end.lowerBound])
      result += values[key] ?? "{{\(key)}}"
      rest = rest[end.upperBound...]
    }
    return result + rest
  }

  private var languageName: String {
    switch language {
    case .swift: "Swift"
    case .c: "C"
    case .cpp: "C++"
    case .rust: "Rust"
    }
  }

  private var layout: String {
    switch language {
    case .swift: "It stands on PluginKit, and is one class in `Sources/\(name.type)`."
    case .c: "One file, `\(name.name).c`; all that it needs is `trainyard.h`, which lies beside it."
    case .cpp: "One file, `\(name.name).cpp`, on the two headers that lie beside it."
    case .rust: "`src/lib.rs` is the plugin; `src/trainyard.rs` is the contract of `trainyard.h` in Rust."
    }
  }

  /// A run that shows it at work.
  private var use: String {
    let data = "--data synthetic:shape=moons --validation 0.2"
    return switch kind {
    case .callback: "trainyard run \(data) --model mlp --callback \(library)"
    case .model: "trainyard run \(data) --model \(library)"
    case .monitor: "trainyard run \(data) --model mlp --monitor \(library)"
    case .dataset: "trainyard run --data \(library) --validation 0.2 --model mlp"
    }
  }
}
