import Synchronization

/// The libraries that may be opened, by what is in them: a lock file's content.
public struct LibraryPins: Sendable, Equatable {
  /// One file that may be opened.
  public struct Pin: Sendable, Equatable {
    /// The file's name, without its folder: a lock holds on another machine too.
    public var file: String
    /// Of the whole file, in lower case.
    public var sha256: String
    /// What it is linked against beside the system's libraries, in the order in which they are opened before it.
    public var needs: [Need]

    public init(file: String, sha256: String, needs: [Need] = []) {
      self.file = file
      self.sha256 = sha256
      self.needs = needs
    }
  }

  /// A library that another one is linked against.
  public struct Need: Sendable, Equatable {
    /// As the other one asks for it (DT_NEEDED).
    public var name: String
    /// Absolute, or relative to the folder of the library that needs it.
    public var path: String
    public var sha256: String

    public init(name: String, path: String, sha256: String) {
      self.name = name
      self.path = path
      self.sha256 = sha256
    }
  }

  public var pins: [Pin]
  /// The lock file, for messages.
  public var source: String

  public init(_ pins: [Pin], source: String) {
    self.pins = pins
    self.source = source
  }

  /// What a helper process was told when it began; `nil` in every other process.
  package static let ofHelper = Mutex<LibraryPins?>(nil)

  /// The pin that allows this content under this name.
  func pin(of file: String, _ sha256: String) throws(LoadFault) -> Pin {
    let named = pins.filter { $0.file == file }
    guard !named.isEmpty else { throw .notPinned(lock: source) }
    guard let pin = named.first(where: { $0.sha256 == sha256 }) else {
      throw .otherContent(lock: source, found: sha256, expected: named[0].sha256)
    }
    return pin
  }
}
