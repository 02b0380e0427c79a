import CYAML

/// What libyaml says of a text, one thing after the other.
struct YAMLEvent {
  enum Kind: Equatable {
    case documentStart
    case alias(String)
    case scalar(String, isPlain: Bool)
    case listStart, listEnd
    case mapStart, mapEnd
  }

  var kind: Kind
  var position: SourcePosition
  var anchor: String?
  var hasTag = false
}

/// Reads events with libyaml, and turns its C structs into Swift values; nothing else of libyaml is used.
enum YAMLEvents {
  /// The events of a text that is valid UTF-8, or the one problem that ended reading.
  static func read(
    _ bytes: [UInt8], from start: SourcePosition, limits: ConfigLimits
  ) throws(ConfigProblem) -> [YAMLEvent] {
    // A parser points into itself, so that it needs an address of its own.
    let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    defer { parser.deallocate() }
    guard yaml_parser_initialize(parser) == 1 else { throw outOfMemory(start) }
    defer { yaml_parser_delete(parser) }
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    let result = bytes.withUnsafeBufferPointer { buffer -> Result<[YAMLEvent], ConfigProblem> in
      yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
      return Result { () throws(ConfigProblem) in try events(parser, start, limits) }
    }
    return try result.get()
  }

  private static func events(
    _ parser: UnsafeMutablePointer<yaml_parser_t>, _ start: SourcePosition, _ limits: ConfigLimits
  ) throws(ConfigProblem) -> [YAMLEvent] {
    var events: [YAMLEvent] = []
    var depth = 0
    while true {
      var event = yaml_event_t()
      guard yaml_parser_parse(parser, &event) == 1 else { throw problem(parser.pointee, start) }
      defer { yaml_event_delete(&event) }
      if event.type == YAML_STREAM_END_EVENT { return events }
      guard let read = swiftEvent(event, start) else { continue }
      switch read.kind {
      case .listStart, .mapStart: depth += 1
      case .listEnd, .mapEnd: depth -= 1
      default: break
      }
      if depth > limits.depth { throw .tooDeep(at: read.position, limits) }
      // A value has two events at most, and a map's keys have theirs.
      if events.count / 4 > limits.values { throw .tooManyValues(at: read.position, limits) }
      events.append(read)
    }
  }

  private static func swiftEvent(_ event: yaml_event_t, _ start: SourcePosition) -> YAMLEvent? {
    let position = position(event.start_mark, start)
    switch event.type {
    case YAML_DOCUMENT_START_EVENT:
      return YAMLEvent(kind: .documentStart, position: position)
    case YAML_ALIAS_EVENT:
      return YAMLEvent(kind: .alias(text(event.data.alias.anchor) ?? ""), position: position)
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
      return YAMLEvent(
        kind: .scalar(String(decoding: bytes, as: UTF8.self), isPlain: isPlain), position: position,
        anchor: text(scalar.anchor), hasTag: scalar.tag != nil)
    case YAML_SEQUENCE_START_EVENT:
      let list = event.data.sequence_start
      return YAMLEvent(
        kind: .listStart, position: position, anchor: text(list.anchor), hasTag: list.tag != nil)
    case YAML_MAPPING_START_EVENT:
      let map = event.data.mapping_start
      return YAMLEvent(kind: .mapStart, position: position, anchor: text(map.anchor), hasTag: map.tag != nil)
    case YAML_SEQUENCE_END_EVENT: return YAMLEvent(kind: .listEnd, position: position)
    case YAML_MAPPING_END_EVENT: return YAMLEvent(kind: .mapEnd, position: position)
    default: return nil
    }
  }

  /// libyaml counts from 0. A text from the command line has no lines, and may start in the middle of another.
  private static func position(_ mark: yaml_mark_t, _ start: SourcePosition) -> SourcePosition {
    var position = start
    if start.line == 0 {
      position.column = start.column &+ Int(clamping: mark.index)
    } else {
      let column = Int(clamping: mark.column)
      position.line = start.line &+ Int(clamping: mark.line)
      position.column = mark.line == 0 ? start.column &+ column : column &+ 1
    }
    return position
  }

  private static func problem(_ parser: yaml_parser_t, _ start: SourcePosition) -> ConfigProblem {
    if parser.error == YAML_MEMORY_ERROR { return outOfMemory(start) }
    let what = text(parser.problem) ?? "unknown error"
    if parser.error == YAML_READER_ERROR {
      // The only thing that valid UTF-8 can have wrong with it here.
      return ConfigProblem(
        .syntax, "not valid YAML: \(what) (U+\(String(parser.problem_value, radix: 16, uppercase: true)))",
        at: position(parser.mark, start),
        help: "remove the character, or write it as an escape in double quotes")
    }
    var message = "not valid YAML: \(what)"
    if let context = text(parser.context) {
      message += ", \(context)"
      if start.line > 0, parser.context_mark.line != parser.problem_mark.line {
        message += " that starts in line \(position(parser.context_mark, start).line)"
      }
    }
    return ConfigProblem(
      .syntax, message, at: position(parser.problem_mark, start),
      help:
        "reading got this far: look here and just before for a bracket, quote, comma or space too many or too few"
    )
  }

  private static func outOfMemory(_ start: SourcePosition) -> ConfigProblem {
    ConfigProblem(.tooLarge, "no memory left to read it", at: start, help: "free some memory")
  }

  private static func text(_ characters: UnsafePointer<CChar>?) -> String? {
    characters.map { String(cString: $0) }
  }

  private static func text(_ characters: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    characters.map { String(cString: $0) }
  }
}

extension ConfigProblem {
  static func tooDeep(at position: SourcePosition, _ limits: ConfigLimits) -> ConfigProblem {
    ConfigProblem(
      .tooDeep, "more than \(limits.depth) lists and maps inside each other", at: position,
      help: "a pipeline needs a handful of levels: look for brackets that are not closed")
  }

  static func tooManyValues(at position: SourcePosition, _ limits: ConfigLimits) -> ConfigProblem {
    ConfigProblem(
      .tooManyValues, "more than \(limits.values) values", at: position,
      help: "values that aliases stand for are counted each time; move data into files of its own")
  }
}
