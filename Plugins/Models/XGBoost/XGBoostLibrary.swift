import BoosterCore
import PluginKit

/// The functions of XGBoost's C API that are used. A status other than 0 is an error, which `check` puts into words.
struct XGBoostLibrary {
  typealias Handle = UnsafeMutableRawPointer
  typealias Text = UnsafePointer<CChar>

  static let search = EngineSearch(
    engine: "XGBoost", variable: "TRAINYARD_XGBOOST_LIBRARY",
    names: ["libxgboost.so.0", "/usr/local/lib/libxgboost.so", "/usr/local/lib64/libxgboost.so"],
    packaged: ["xgboost/lib/libxgboost.so", "libxgboost.so"],
    installation: "apt-get install libxgboost0, or pip install xgboost-cpu", mark: "XGBoostVersion")

  let path: String
  let version: (major: Int, minor: Int, patch: Int)
  private let lastError: @convention(c) () -> Text?

  // Rows.
  let matrixFromDense: @convention(c) (Text, Text, UnsafeMutablePointer<Handle?>) -> Int32
  let matrixFree: @convention(c) (Handle?) -> Int32
  let setInfo: @convention(c) (Handle?, Text, Text) -> Int32
  let setFloats: @convention(c) (Handle?, Text, UnsafePointer<Float>, UInt64) -> Int32
  let setUnsigned: @convention(c) (Handle?, Text, UnsafePointer<UInt32>, UInt64) -> Int32

  // Boosters.
  let create: @convention(c) (UnsafePointer<Handle?>?, UInt64, UnsafeMutablePointer<Handle?>) -> Int32
  let free: @convention(c) (Handle?) -> Int32
  let setParameter: @convention(c) (Handle?, Text, Text) -> Int32
  let update: @convention(c) (Handle?, Int32, Handle?) -> Int32
  let boost:
    @convention(c) (Handle?, Handle?, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UInt64)
      -> Int32
  /// From 2.1 on; it takes the place of `boost`.
  let train: (@convention(c) (Handle?, Handle?, Int32, Text, Text) -> Int32)?
  let predict:
    @convention(c) (
      Handle?, Handle?, Text, UnsafeMutablePointer<UnsafePointer<UInt64>?>, UnsafeMutablePointer<UInt64>,
      UnsafeMutablePointer<UnsafePointer<Float>?>
    ) -> Int32
  let roundCount: @convention(c) (Handle?, UnsafeMutablePointer<Int32>) -> Int32
  let featureCount: @convention(c) (Handle?, UnsafeMutablePointer<UInt64>) -> Int32
  let slice: @convention(c) (Handle?, Int32, Int32, Int32, UnsafeMutablePointer<Handle?>) -> Int32
  let save: @convention(c) (Handle?, Text, UnsafeMutablePointer<UInt64>, UnsafeMutablePointer<Text?>) -> Int32
  let load: @convention(c) (Handle?, UnsafeRawPointer, UInt64) -> Int32
  let saveConfig: @convention(c) (Handle?, UnsafeMutablePointer<UInt64>, UnsafeMutablePointer<Text?>) -> Int32
  let featureScore:
    @convention(c) (
      Handle?, Text, UnsafeMutablePointer<UInt64>, UnsafeMutablePointer<UnsafePointer<Text?>?>,
      UnsafeMutablePointer<UInt64>, UnsafeMutablePointer<UnsafePointer<UInt64>?>,
      UnsafeMutablePointer<UnsafePointer<Float>?>
    ) -> Int32

  init(named path: String?) throws {
    let library = try EngineLibrary(Self.search, named: path)
    self.path = library.path
    let askVersion:
      @convention(c) (
        UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>
      ) -> Void = try library.function("XGBoostVersion")
    var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
    askVersion(&major, &minor, &patch)
    version = (Int(major), Int(minor), Int(patch))
    lastError = try library.function("XGBGetLastError")
    matrixFromDense = try library.function("XGDMatrixCreateFromDense")
    matrixFree = try library.function("XGDMatrixFree")
    setInfo = try library.function("XGDMatrixSetInfoFromInterface")
    setFloats = try library.function("XGDMatrixSetFloatInfo")
    setUnsigned = try library.function("XGDMatrixSetUIntInfo")
    create = try library.function("XGBoosterCreate")
    free = try library.function("XGBoosterFree")
    setParameter = try library.function("XGBoosterSetParam")
    update = try library.function("XGBoosterUpdateOneIter")
    boost = try library.function("XGBoosterBoostOneIter")
    train = library.find("XGBoosterTrainOneIter")
    predict = try library.function("XGBoosterPredictFromDMatrix")
    roundCount = try library.function("XGBoosterBoostedRounds")
    featureCount = try library.function("XGBoosterGetNumFeature")
    slice = try library.function("XGBoosterSlice")
    save = try library.function("XGBoosterSaveModelToBuffer")
    load = try library.function("XGBoosterLoadModelFromBuffer")
    saveConfig = try library.function("XGBoosterSaveJsonConfig")
    featureScore = try library.function("XGBoosterFeatureScore")
    let listen: @convention(c) (@convention(c) (Text?) -> Void) -> Int32 = try library.function(
      "XGBRegisterLogCallback")
    _ = listen(EngineLog.callback)
  }

  var versionText: String { "\(version.major).\(version.minor).\(version.patch)" }

  /// Runs a call; an error has the engine's words, without its place in the engine's sources.
  func check(_ status: Int32) throws {
    guard status != 0 else { return }
    let words = lastError().map { String(cString: $0) } ?? "no reason given"
    throw PluginError("XGBoost: " + Self.plain(words))
  }

  /// "[12:00:00] /path/file.cc:12: Check failed: …\nStack trace:\n…" without what stands around the words.
  private static func plain(_ words: String) -> String {
    var text = Substring(words)
    if let trace = text.firstRange(of: "\nStack trace") { text = text[..<trace.lowerBound] }
    if text.hasPrefix("["), let end = text.firstRange(of: "] ") { text = text[end.upperBound...] }
    if let place = text.firstRange(of: ": "), text[..<place.lowerBound].contains(".cc:") {
      text = text[place.upperBound...]
    }
    return text.split(separator: "\n").map { $0.trimmedBlanks }.filter { !$0.isEmpty }.joined(separator: "; ")
  }

  /// How arrays are handed over: the array interface of numpy, as JSON.
  static func array(_ pointer: UnsafeRawPointer?, _ rows: Int, _ columns: Int) -> String {
    "{\"data\": [\(UInt(bitPattern: pointer)), true], \"shape\": [\(rows), \(columns)], \"typestr\": \"<f4\", "
      + "\"version\": 3}"
  }
}

extension Substring {
  fileprivate var trimmedBlanks: Substring {
    var text = self
    while text.last?.isWhitespace == true { text.removeLast() }
    while text.first?.isWhitespace == true { text.removeFirst() }
    return text
  }
}
