/// Numbers as a person reads them on a terminal.
public enum ShortNumber {
  /// Five digits behind the point; as a 32-bit float where it is very small or large.
  public static func text(_ value: Double) -> String {
    // Swift shows the sign of a NaN, which says nothing.
    guard value.isFinite else { return value.isNaN ? "nan" : "\(value)" }
    let scale = value == 0 || abs(value) >= 1e-4 && abs(value) < 1e6 ? 1e5 : 0
    return scale > 0 ? "\((value * scale).rounded() / scale)" : "\(Float(value))"
  }

  public static func seconds(_ time: Double) -> String {
    if time >= 100 { return "\(Int(clamping: Int64(min(time, 1e15).rounded()))) s" }
    if time >= 0.1 { return "\((time * 100).rounded() / 100) s" }
    return "\((time * 1e5).rounded() / 100) ms"
  }
}
