import PluginKit
import Testing

@Suite struct NearestNameTests {
  static let slips: [(written: String, nearest: String?)] = [
    ("hieght", "height"), ("heigt", "height"), ("heightt", "height"), ("haight", "height"),
    ("Height", "height"),
    ("width ", "width"), ("weight", "height"), ("widht", "width"), ("wdt", nil), ("depth", nil), ("w", nil),
    ("", nil),
    ("colour_of_teh_eye", "colour_of_the_eyes"),
  ]

  @Test(arguments: slips)
  func `a slip is close to what was meant`(written: String, nearest: String?) {
    #expect(nearestName(to: written, in: ["height", "width", "colour_of_the_eyes"]) == nearest)
  }

  @Test func `the first of equally close names wins`() {
    #expect(nearestName(to: "val_los", in: ["val_lost", "val_loss"]) == "val_lost")
  }
}
