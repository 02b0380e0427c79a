import Testing

@testable import Training

@Suite struct DataRandomTests {
  // The values below were computed by a program of its own, in another language, from the published algorithms;
  // no version of Trainyard may give others.

  @Test func `the generator is xoshiro256 star star`() {
    var stream = RandomStream(seed: 0, name: "")
    stream.state = [1, 2, 3, 4]
    let words = (0..<5).map { _ in stream.next() }
    #expect(words == [11520, 0, 1_509_978_240, 1_215_971_899_390_074_240, 1_216_172_134_540_287_360])
  }

  @Test func `a stream is derived from seed and name for ever`() {
    var stream = RandomStream(seed: 7, name: "shuffle")
    let words = (0..<3).map { _ in stream.next() }
    #expect(words == [17_957_508_911_515_418_180, 15_868_767_966_005_159_681, 2_674_292_660_286_514_553])
  }

  @Test(arguments: [
    (number: 0, order: [8, 2, 3, 4, 6, 0, 5, 1, 7, 9]),
    (number: 1, order: [5, 1, 3, 0, 2, 9, 4, 7, 6, 8]),
  ])
  func `a shuffle gives the same order for ever`(number: Int, order: [Int64]) {
    var stream = RandomStream(seed: 7, name: "shuffle", number: UInt64(number))
    var rows = Array(Int64(0)..<10)
    stream.shuffle(&rows)
    #expect(rows == order)
  }

  @Test func `bounded numbers and fractions are the same for ever`() {
    var stream = RandomStream(seed: 7, name: "split")
    #expect((0..<6).map { _ in stream.next(below: 1000) } == [569, 949, 763, 589, 51, 817])
    #expect(stream.next() >> 11 == 3_768_506_578_963_196)
    stream = RandomStream(seed: 7, name: "split")
    #expect([stream.nextDouble(), stream.nextDouble()] == [0.5696116737146206, 0.9494877967410439])
  }

  @Test func `numbers that would favour some are drawn again`() {
    var stream = RandomStream(seed: 3, name: "b")
    let numbers = (0..<4).map { _ in stream.next(below: 3 << 62) }
    #expect(
      numbers == [
        3_763_703_241_253_568_293, 317_631_737_357_047_857, 2_548_021_599_687_471_309,
        13_609_164_285_025_174_350,
      ])
  }

  @Test func `a state that was saved goes on where it was`() {
    var stream = RandomStream(seed: 1, name: "a")
    _ = stream.next()
    var other = RandomStream(seed: 2, name: "b")
    other.state = stream.state
    #expect(other.next() == stream.next())
    other.state = [0, 0, 0, 0]
    #expect(other == RandomStream(seed: 0, name: ""), "all zero would only give zeros")
  }
}
