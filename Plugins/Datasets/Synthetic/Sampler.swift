import DataColumns
import Glibc
import PluginKit

/// Draws the rows. Row `i` of a classification is of class `i` modulo the number of classes.
struct Sampler {
  var shape: SyntheticDataset.Shape
  /// Features in each row.
  var width: Int
  var classes: Int
  var noise: Double
  var seed: UInt64
  var part: UInt64

  func columns(rows: Int) throws -> [Column] {
    let (count, overflow) = rows.multipliedReportingOverflow(by: width)
    guard !overflow else { throw PluginError("\(rows) rows of \(width) features are more than can be held") }
    let features = try Memory(Float.self, count: count)
    let x = features.start(as: Float.self)
    let featureField = Field(name: "x", role: .feature, type: .float32, shape: [width])
    var generator = Generator(seed: seed, stream: part &+ 1)

    if shape == .linear {
      let target = try Memory(Float.self, count: rows)
      let y = target.start(as: Float.self)
      for row in 0..<rows { y[row] = linear(x + row * width, &generator) }
      let field = Field(name: "y", role: .target, type: .float32)
      return [
        try Column(featureField, rowCount: rows, in: features), try Column(field, rowCount: rows, in: target),
      ]
    }

    let target = try Memory(Int32.self, count: rows)
    let labels = target.start(as: Int32.self)
    let centres = shape == .blobs ? try makeCentres() : []
    for row in 0..<rows {
      let label = row % classes
      labels[row] = Int32(label)
      let values = x + row * width
      switch shape {
      case .moons: moon(label, values, &generator)
      case .spirals: spiral(label, values, &generator)
      case .blobs, .linear: blob(around: centres[label], values, &generator)
      }
    }
    let field = Field(name: "label", role: .target, type: .int32, categoryCount: classes)
    return [
      try Column(featureField, rowCount: rows, in: features), try Column(field, rowCount: rows, in: target),
    ]
  }

  /// Two half circles of radius 1 that reach into each other: one around (0, 0), open below, the other around
  /// (1, 0.5), open above.
  private func moon(_ label: Int, _ x: UnsafeMutablePointer<Float>, _ generator: inout Generator) {
    let angle = Double.pi * generator.uniform()
    let (across, up) = label == 0 ? (cos(angle), sin(angle)) : (1 - cos(angle), 0.5 - sin(angle))
    x[0] = Float(across + noise * generator.normal())
    x[1] = Float(up + noise * generator.normal())
  }

  /// One arm for each class: from the centre to radius 1 in one turn, even in area.
  private func spiral(_ label: Int, _ x: UnsafeMutablePointer<Float>, _ generator: inout Generator) {
    let radius = generator.uniform().squareRoot()
    let angle = 2 * Double.pi * (radius + Double(label) / Double(classes))
    x[0] = Float(radius * cos(angle) + noise * generator.normal())
    x[1] = Float(radius * sin(angle) + noise * generator.normal())
  }

  private func blob(
    around centre: [Double], _ x: UnsafeMutablePointer<Float>, _ generator: inout Generator
  ) {
    for index in 0..<width { x[index] = Float(centre[index] + noise * generator.normal()) }
  }

  /// y = 1/2 + x₀ − x₁/2 + x₂/3 − …, plus noise. The features are normal.
  private func linear(_ x: UnsafeMutablePointer<Float>, _ generator: inout Generator) -> Float {
    var sum = 0.5
    for index in 0..<width {
      x[index] = Float(generator.normal())
      sum += (index % 2 == 0 ? 1 : -1) / Double(index + 1) * Double(x[index])
    }
    return Float(sum + noise * generator.normal())
  }

  /// In the cube from −1 to 1, and apart: each is the farthest of 16 candidates from those before it. They
  /// depend on the seed, not on the part.
  private func makeCentres() throws -> [[Double]] {
    let (work, overflow) = (classes * classes * 8).multipliedReportingOverflow(by: width)
    guard !overflow, work <= 1 << 36 else {
      throw PluginError(
        "\(classes) blobs of \(width) features are too many", help: "use fewer classes or features")
    }
    var generator = Generator(seed: seed, stream: 0)
    var centres: [[Double]] = []
    for _ in 0..<classes {
      let candidates = (0..<16).map { _ in (0..<width).map { _ in 2 * generator.uniform() - 1 } }
      var best = (candidate: candidates[0], distance: -1.0)
      for candidate in candidates {
        let distance = centres.map { squaredDistance($0, candidate) }.min() ?? 0
        if distance > best.distance { best = (candidate, distance) }
      }
      centres.append(best.candidate)
    }
    return centres
  }
}

private func squaredDistance(_ a: [Double], _ b: [Double]) -> Double {
  zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
}
