import BoosterCore
import Glibc
import PluginKit

/// The functions of LightGBM's C API that are used; the Python package brings the library without its header. A status
/// other than 0 is an error, which `check` puts into words.
struct LightGBMLibrary {
  typealias Handle = UnsafeMutableRawPointer
  typealias Text = UnsafePointer<CChar>

  static let search = EngineSearch(
    engine: "LightGBM", variable: "TRAINYARD_LIGHTGBM_LIBRARY",
    names: ["lib_lightgbm.so", "/usr/local/lib/lib_lightgbm.so", "/usr/local/lib64/lib_lightgbm.so"],
    packaged: ["lightgbm/lib/lib_lightgbm.so", "lightgbm/lib_lightgbm.so", "lib_lightgbm.so"],
    installation: "pip install lightgbm (its library needs apt-get install libgomp1)",
    mark: "LGBM_BoosterCreate")

  /// C_API_DTYPE_…
  enum Kind: Int32 { case float32 = 0, float64, int32 }
  /// C_API_PREDICT_…
  enum Prediction: Int32 { case normal = 0, raw }
  /// C_API_FEATURE_IMPORTANCE_…
  static let importances: [(name: String, number: Int32)] = [("gain", 1), ("split", 0)]

  let path: String
  /// From the package that the library lies in: it cannot be asked.
  let version: String?
  private let lastError: @convention(c) () -> Text?

  // Rows.
  let datasetFromMatrix:
    @convention(c) (
      UnsafeRawPointer?, Int32, Int32, Int32, Int32, Text, Handle?, UnsafeMutablePointer<Handle?>
    ) -> Int32
  let datasetFree: @convention(c) (Handle?) -> Int32
  let setField: @convention(c) (Handle?, Text, UnsafeRawPointer?, Int32, Int32) -> Int32

  // Boosters.
  let create: @convention(c) (Handle?, Text, UnsafeMutablePointer<Handle?>) -> Int32
  let load: @convention(c) (Text, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Handle?>) -> Int32
  let free: @convention(c) (Handle?) -> Int32
  let merge: @convention(c) (Handle?, Handle?) -> Int32
  let addValidation: @convention(c) (Handle?, Handle?) -> Int32
  let resetParameter: @convention(c) (Handle?, Text) -> Int32
  let update: @convention(c) (Handle?, UnsafeMutablePointer<Int32>) -> Int32
  let boost:
    @convention(c) (Handle?, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Int32>) -> Int32
  let roundCount: @convention(c) (Handle?, UnsafeMutablePointer<Int32>) -> Int32
  let featureCount: @convention(c) (Handle?, UnsafeMutablePointer<Int32>) -> Int32
  let keptCount: @convention(c) (Handle?, Int32, UnsafeMutablePointer<Int64>) -> Int32
  let kept:
    @convention(c) (Handle?, Int32, UnsafeMutablePointer<Int64>, UnsafeMutablePointer<Double>) -> Int32
  let predictionCount:
    @convention(c) (Handle?, Int32, Int32, Int32, Int32, UnsafeMutablePointer<Int64>) -> Int32
  let predict:
    @convention(c) (
      Handle?, UnsafeRawPointer?, Int32, Int32, Int32, Int32, Int32, Int32, Int32, Text,
      UnsafeMutablePointer<Int64>, UnsafeMutablePointer<Double>
    ) -> Int32
  let save:
    @convention(c) (
      Handle?, Int32, Int32, Int32, Int64, UnsafeMutablePointer<Int64>, UnsafeMutablePointer<CChar>
    ) -> Int32
  let importance: @convention(c) (Handle?, Int32, Int32, UnsafeMutablePointer<Double>) -> Int32
  let aliases: @convention(c) (Int64, UnsafeMutablePointer<Int64>, UnsafeMutablePointer<CChar>) -> Int32
  private let listen: @convention(c) (@convention(c) (Text?) -> Void) -> Int32

  init(named path: String?) throws {
    let library = try EngineLibrary(Self.search, named: path)
    self.path = library.path
    version = Self.version(besides: library.path)
    lastError = try library.function("LGBM_GetLastError")
    datasetFromMatrix = try library.function("LGBM_DatasetCreateFromMat")
    datasetFree = try library.function("LGBM_DatasetFree")
    setField = try library.function("LGBM_DatasetSetField")
    create = try library.function("LGBM_BoosterCreate")
    load = try library.function("LGBM_BoosterLoadModelFromString")
    free = try library.function("LGBM_BoosterFree")
    merge = try library.function("LGBM_BoosterMerge")
    addValidation = try library.function("LGBM_BoosterAddValidData")
    resetParameter = try library.function("LGBM_BoosterResetParameter")
    update = try library.function("LGBM_BoosterUpdateOneIter")
    boost = try library.function("LGBM_BoosterUpdateOneIterCustom")
    roundCount = try library.function("LGBM_BoosterGetCurrentIteration")
    featureCount = try library.function("LGBM_BoosterGetNumFeature")
    keptCount = try library.function("LGBM_BoosterGetNumPredict")
    kept = try library.function("LGBM_BoosterGetPredict")
    predictionCount = try library.function("LGBM_BoosterCalcNumPredict")
    predict = try library.function("LGBM_BoosterPredictForMat")
    save = try library.function("LGBM_BoosterSaveModelToString")
    importance = try library.function("LGBM_BoosterFeatureImportance")
    aliases = try library.function("LGBM_DumpParamAliases")
    listen = try library.function("LGBM_RegisterLogCallback")
    hear()
  }

  /// Has it tell this thread what it has to say.
  func hear() { _ = listen(EngineLog.callback) }

  /// Runs a call; an error has the engine's words, without its place in the engine's sources.
  func check(_ status: Int32) throws {
    guard status != 0 else { return }
    var words = lastError().map { Substring(String(cString: $0)) } ?? "no reason given"
    if let place = words.firstRange(of: " at /") { words = words[..<place.lowerBound] }
    // It is said once, here.
    _ = EngineLog.take()
    throw PluginError("LightGBM: " + words)
  }

  /// The package has a file VERSION.txt beside the folder of its library.
  private static func version(besides path: String) -> String? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    for folder in [parts.dropLast(), parts] {
      guard let file = fopen(folder.joined(separator: "/") + "/VERSION.txt", "re") else { continue }
      defer { fclose(file) }
      var buffer = [UInt8](repeating: 0, count: 64)
      let count = fread(&buffer, 1, buffer.count, file)
      let text = String(decoding: buffer[..<count], as: UTF8.self)
      if let word = text.split(whereSeparator: \.isWhitespace).first { return String(word) }
    }
    return nil
  }
}
