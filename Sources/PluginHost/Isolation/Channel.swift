import CProcess
import Glibc

/// One end of the line between host and helper: messages of a kind and a body, one after the other.
final class Channel {
  /// No message is longer: what says so is rubbish.
  static let longest = 1 << 30
  /// Length and kind.
  private static let headerSize = 8

  enum End: Error {
    /// The other side has closed its end.
    case closed
    case timedOut
    case broken(String)
  }

  let socket: Int32
  private var header = [UInt8](repeating: 0, count: headerSize)
  /// What came with what was asked for, on the side that takes no descriptors: most messages are short.
  private var ahead = [UInt8](repeating: 0, count: 4096)
  private var aheadRange = 0..<0

  init(_ socket: Int32) { self.socket = socket }

  deinit { close(socket) }

  /// - Parameters:
  ///   - number: Goes before the body; `nil`: none.
  ///   - descriptor: Goes with the message; -1: none.
  ///   - wait: Waits until more can be sent; throws when it never will be.
  func send(
    _ kind: UInt32, number: UInt64? = nil, _ body: [UInt8], descriptor: Int32 = -1,
    wait: () throws(End) -> Void
  ) throws(End) {
    let numberSize = number == nil ? 0 : MemoryLayout<UInt64>.size
    guard body.count <= Self.longest - numberSize else { throw .broken("a message of \(body.count) bytes") }
    var whole: [UInt8] = []
    whole.reserveCapacity(Self.headerSize + numberSize + body.count)
    withUnsafeBytes(of: UInt32(numberSize + body.count)) { whole.append(contentsOf: $0) }
    withUnsafeBytes(of: kind) { whole.append(contentsOf: $0) }
    if let number { withUnsafeBytes(of: number) { whole.append(contentsOf: $0) } }
    whole.append(contentsOf: body)
    var sent = 0
    while sent < whole.count {
      let count = whole.withUnsafeBytes { bytes in
        ty_socket_send(
          socket, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, sent == 0 ? descriptor : -1)
      }
      if count > 0 {
        sent += Int(count)
      } else if count == -Int64(EAGAIN) {
        try wait()
      } else {
        throw count == -Int64(EPIPE) || count == -Int64(ECONNRESET) ? .closed : .broken(words(-count))
      }
    }
  }

  /// The next message. Memory grows with what has come, not with what a length promises.
  /// - Parameter wait: Waits until there is more to read; `nil`: the system call waits.
  func receive(
    wait: (() throws(End) -> Void)?
  ) throws(End) -> (kind: UInt32, body: [UInt8], descriptor: Int32) {
    var descriptor: Int32 = -1
    do throws(End) {
      try read(into: &header, from: 0, count: Self.headerSize, &descriptor, wait)
      let (length, kind) = header.withUnsafeBytes {
        ($0.loadUnaligned(as: UInt32.self), $0.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
      }
      guard length <= Self.longest else { throw End.broken("a message that claims \(length) bytes") }
      var body: [UInt8] = []
      while body.count < Int(length) {
        let part = min(Int(length) - body.count, max(1 << 16, body.count))
        let start = body.count
        body.append(contentsOf: repeatElement(0, count: part))
        try read(into: &body, from: start, count: part, &descriptor, wait)
      }
      return (kind, body, descriptor)
    } catch {
      if descriptor >= 0 { close(descriptor) }
      throw error
    }
  }

  private func read(
    into bytes: inout [UInt8], from start: Int, count: Int, _ descriptor: inout Int32,
    _ wait: (() throws(End) -> Void)?
  ) throws(End) {
    var done = 0
    while done < count {
      var found: Int32 = -1
      let taken = takeAhead(into: &bytes, from: start + done, count: count - done)
      if taken > 0 {
        done += taken
        continue
      }
      if wait != nil, count - done < ahead.count {
        let received = ahead.withUnsafeMutableBytes { buffer in
          ty_socket_receive(socket, buffer.baseAddress, buffer.count, &found, 0)
        }
        if received > 0 { aheadRange = 0..<Int(received) }
        try check(received, found, &descriptor, wait)
        continue
      }
      let received = bytes.withUnsafeMutableBytes { buffer in
        ty_socket_receive(
          socket, buffer.baseAddress.map { $0 + start + done }, count - done, &found, wait == nil ? 1 : 0)
      }
      if received > 0 { done += Int(received) }
      try check(received, found, &descriptor, wait)
    }
  }

  private func takeAhead(into bytes: inout [UInt8], from start: Int, count: Int) -> Int {
    let count = min(count, aheadRange.count)
    guard count > 0 else { return 0 }
    let first = aheadRange.lowerBound
    bytes.replaceSubrange(start..<start + count, with: ahead[first..<first + count])
    aheadRange = first + count..<aheadRange.upperBound
    return count
  }

  private func check(
    _ received: Int64, _ found: Int32, _ descriptor: inout Int32, _ wait: (() throws(End) -> Void)?
  ) throws(End) {
    if found >= 0 {
      if descriptor >= 0 { close(descriptor) }
      descriptor = found
    }
    if received > 0 { return }
    guard received == -Int64(EAGAIN), let wait else {
      throw received == 0 || received == -Int64(ECONNRESET) ? .closed : .broken(words(-received))
    }
    try wait()
  }

  private func words(_ code: Int64) -> String { String(cString: strerror(Int32(truncatingIfNeeded: code))) }
}
