extension WireWriter {
  package mutating func put(_ pins: LibraryPins) {
    put(pins.source)
    put(list: pins.pins) { writer, pin in
      writer.put(pin.file)
      writer.put(pin.sha256)
      writer.put(list: pin.needs) { writer, need in
        for text in [need.name, need.path, need.sha256] { writer.put(text) }
      }
    }
  }
}

extension WireReader {
  package mutating func pins() throws(WireFault) -> LibraryPins {
    let source = try text()
    let pins = try list { reader throws(WireFault) in
      let (file, sha256) = (try reader.text(), try reader.text())
      let needs = try reader.list { reader throws(WireFault) in
        LibraryPins.Need(name: try reader.text(), path: try reader.text(), sha256: try reader.text())
      }
      return LibraryPins.Pin(file: file, sha256: sha256, needs: needs)
    }
    return LibraryPins(pins, source: source)
  }
}
