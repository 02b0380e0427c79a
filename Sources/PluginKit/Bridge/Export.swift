@_exported import CTrainyard
import Glibc

/// Answers the host in a plugin's entry function:
///
/// ```swift
/// @c @implementation
/// public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
///   export(MyCallback.self, to: args)
/// }
/// ```
public func export(
  _ components: any Exportable.Type..., to args: UnsafePointer<ty_entry_args>?, license: String? = nil,
  author: String? = nil
) -> UnsafePointer<ty_module>? {
  guard let args else { return nil }
  guard args.pointee.abi_major == TY_ABI_MAJOR, TY_ABI_MAJOR > 0 || args.pointee.abi_minor == TY_ABI_MINOR
  else {
    let host = "\(args.pointee.abi_major).\(args.pointee.abi_minor)"
    let words = "built for ABI \(TY_ABI_MAJOR).\(TY_ABI_MINOR), and this host speaks ABI \(host)"
    args.pointee.refuse?(args.pointee.context, words)
    return nil
  }
  return ModuleCache.shared.module(of: components, license: license, author: author)
}

/// A component that a library can export: a class that is a `Callback`, `Model`, `Monitor` or `Dataset`.
public protocol Exportable: Component {
  /// The kind, and the table of functions. Made once for each class.
  static func exportTable() -> ExportedTable
}

/// A kind and its table, in memory that lives as long as the library.
public struct ExportedTable {
  let kind: Int32
  let table: UnsafeRawPointer
  /// What `create` finds in its component: makes instances.
  let factory: AnyObject
}

/// The entry is called more than once and from any thread, and gives the same module each time.
private final class ModuleCache: @unchecked Sendable {
  static let shared = ModuleCache()
  private var modules: [[ObjectIdentifier]: UnsafePointer<ty_module>] = [:]
  private var components: [ObjectIdentifier: UnsafePointer<ty_component>] = [:]
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

  private init() { pthread_mutex_init(lock, nil) }

  func module(
    of components: [any Exportable.Type], license: String?, author: String?
  ) -> UnsafePointer<ty_module> {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    let key = components.map { ObjectIdentifier($0) }
    if let module = modules[key] { return module }
    let rows: [UnsafePointer<ty_component>?] = components.map { known($0) }
    let module = UnsafePointer(
      Immortal.value(
        ty_module(
          struct_size: UInt32(MemoryLayout<ty_module>.size), abi_major: UInt32(TY_ABI_MAJOR),
          abi_minor: UInt32(TY_ABI_MINOR), reserved: 0, component_count: UInt64(rows.count),
          components: Immortal.array(rows), license: license.flatMap(Immortal.string),
          author: author.flatMap(Immortal.string))))
    modules[key] = module
    return module
  }

  func component(of type: any Exportable.Type) -> UnsafePointer<ty_component> {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return known(type)
  }

  private func known(_ type: any Exportable.Type) -> UnsafePointer<ty_component> {
    if let component = components[ObjectIdentifier(type)] { return component }
    let component = UnsafePointer(makeComponent(type))
    components[ObjectIdentifier(type)] = component
    return component
  }
}

/// The component of a class; the same each time.
func component(of type: any Exportable.Type) -> UnsafePointer<ty_component> {
  ModuleCache.shared.component(of: type)
}

private func makeComponent(_ type: any Exportable.Type) -> UnsafeMutablePointer<ty_component> {
  let exported = type.exportTable()
  let options: [UnsafePointer<ty_option>?] = declaredOptions(of: type.init()).map { key, storage in
    UnsafePointer(Immortal.value(makeOption(key, storage.declaration)))
  }
  return Immortal.value(
    ty_component(
      struct_size: UInt32(MemoryLayout<ty_component>.size), kind: UInt32(exported.kind),
      id: Immortal.string(type.about.id), version: Immortal.string(type.about.version),
      summary: Immortal.string(type.about.summary), table: exported.table,
      data: Unmanaged.passRetained(exported.factory).toOpaque(), option_count: UInt64(options.count),
      options: Immortal.array(options)))
}

private func makeOption(_ key: String, _ declaration: OptionDeclaration) -> ty_option {
  var flags: Int32 = 0
  if declaration.isRequired { flags |= TY_OPTION_REQUIRED }
  if declaration.isSecret { flags |= TY_OPTION_SECRET }
  if declaration.isList { flags |= TY_OPTION_LIST }
  let choices: [UnsafePointer<CChar>?] = declaration.choices.map(Immortal.string)
  return ty_option(
    struct_size: UInt32(MemoryLayout<ty_option>.size), type: declaration.type.rawValue, flags: UInt32(flags),
    choice_count: UInt32(choices.count), key: Immortal.string(key), doc: Immortal.string(declaration.doc),
    default_text: declaration.defaultText.flatMap(Immortal.string),
    range: declaration.range.flatMap(Immortal.string), unit: declaration.unit.flatMap(Immortal.string),
    choices: UnsafePointer(Immortal.array(choices)))
}
