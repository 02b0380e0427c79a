/// The libraries that may be opened, by what is in them: a lock file's content.
public struct LibraryPins: Sendable, Equatable {
  /// One file: a plugin, or a library that plugins need.
  public struct Pin: Sendable, Equatable {
    /// The file's name, without its folder: a lock holds on another machine too.
    public var file: String
    public var sha256: String
    /// Names (DT_NEEDED) of pinned libraries to be opened first, in this order.
    public var needs: [String]

    public init(file: String, sha256: String, needs: [String] = []) {
      self.file = file
      self.sha256 = sha256
      self.needs = needs
    }
  }

  public var pins: [Pin]
  /// Where the pins were read, for messages.
  public var source: String

  public init(_ pins: [Pin], source: String) {
    self.pins = pins
    self.source = source
  }

  /// The pins of a file name: several builds of one library may be allowed.
  func pins(of file: String) -> [Pin] { pins.filter { $0.file == file } }
}
