import BoosterCore
import PluginKit

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  if let args { args.pointee.refuse?(args.pointee.context, "xgboost is not written yet") }
  return nil
}
