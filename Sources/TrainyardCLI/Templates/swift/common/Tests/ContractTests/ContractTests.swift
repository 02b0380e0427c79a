import Foundation
import Testing

/// Runs every rule of the contract over the built library: `trainyard check`. Build it first, with `swift build`.
@Test func `the plugin keeps the contract`() throws {
  let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let check = Process()
  check.executableURL = URL(filePath: "/usr/bin/env")
  let program = ProcessInfo.processInfo.environment["TRAINYARD"] ?? "{{trainyard}}"
  check.arguments = [program, "check", "./.build/debug/lib{{id}}.so"]
  check.currentDirectoryURL = folder
  try check.run()
  check.waitUntilExit()
  #expect(check.terminationStatus == 0, "see the report above; 127: set TRAINYARD to the program's path")
}
