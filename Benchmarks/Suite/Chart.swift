import Glibc
import Trainyard

/// The curves of growth as one picture: both axes are logarithmic, so that a power law is a straight line and a
/// proportional cost falls on the dashed diagonals' slope. Every curve begins at 1.
struct Chart {
  let records: Records

  private static let colors = ["#1b6ca8", "#c0392b", "#2e8b57", "#8e5ea2", "#b9770e"]
  private let size = (width: 640.0, height: 420.0)
  private let margin = 60.0

  /// Seconds as people read them.
  static func seconds(_ value: Double) -> String {
    value >= 1
      ? "\(Number.short(value)) s"
      : value >= 1e-3
        ? "\(Number.short(value * 1e3)) ms"
        : value >= 1e-6 ? "\(Number.short(value * 1e6)) µs" : "\(Number.short(value * 1e9)) ns"
  }

  private struct Series {
    let title: String
    let points: [(x: Double, y: Double)]
  }

  private var series: [Series] {
    Line.all.filter { $0.group == "growth" }.compactMap { line in
      guard let record = records[line.name], let parts = record["parts"]?.members else { return nil }
      let points = parts.compactMap { part -> (Double, Double)? in
        guard let x = part.name.split(separator: " ").first.flatMap({ Double($0) }),
          let y = part.value.double
        else { return nil }
        return (x, y)
      }
      guard let first = points.first, first.0 > 0, first.1 > 0, points.count > 1 else { return nil }
      let value = record["value"]?.double ?? .nan
      let name = line.name.split(separator: "-").last ?? ""
      return Series(
        title: "\(name): exponent \(Number.short((value * 100).rounded() / 100))",
        points: points.map { (log10($0.0 / first.0), log10($0.1 / first.1)) })
    }
  }

  var svg: String {
    let series = series
    let decades = max(1, series.flatMap(\.points).map { max($0.x, $0.y) }.max() ?? 1).rounded(.up)
    let (w, h) = (size.width - 2 * margin, size.height - 2 * margin)
    func x(_ value: Double) -> String { Number.short(margin + value / decades * w) }
    func y(_ value: Double) -> String { Number.short(size.height - margin - value / decades * h) }
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(size.width)) \(Int(size.height))\" "
        + "font-family=\"sans-serif\" font-size=\"12\">",
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
    ]
    for decade in 0...Int(decades) {
      let d = Double(decade)
      lines.append(
        "<path d=\"M\(x(d)) \(y(0))V\(y(decades))M\(x(0)) \(y(d))H\(x(decades))\" stroke=\"#ddd\" fill=\"none\"/>"
      )
      lines.append(
        "<text x=\"\(x(d))\" y=\"\(Int(size.height - 40))\" text-anchor=\"middle\">×10^\(decade)</text>")
      lines.append("<text x=\"\(Int(margin - 8))\" y=\"\(y(d))\" text-anchor=\"end\">×10^\(decade)</text>")
    }
    lines.append(
      "<path d=\"M\(x(0)) \(y(0))L\(x(decades)) \(y(decades))\" stroke=\"#999\" stroke-dasharray=\"4 4\"/>")
    for (index, curve) in series.enumerated() {
      let color = Self.colors[index % Self.colors.count]
      let path = curve.points.map { "\(x($0.x)),\(y($0.y))" }.joined(separator: " ")
      lines.append("<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"2\"/>")
      lines.append(
        "<text x=\"\(Int(margin + 10))\" y=\"\(Int(margin) + 16 + 16 * index)\" fill=\"\(color)\">\(curve.title)</text>"
      )
    }
    lines.append(
      "<text x=\"\(Int(size.width / 2))\" y=\"\(Int(size.height - 15))\" text-anchor=\"middle\">times as many</text>"
    )
    lines.append("<text x=\"10\" y=\"20\">times as long; dashed: in proportion</text>")
    return lines.joined(separator: "\n") + "\n</svg>\n"
  }
}
