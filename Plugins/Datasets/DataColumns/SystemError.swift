import Glibc
import PluginKit

/// What the system has just said of a file, by `errno`. A path is told whole: the user sees where it was looked for.
package func systemError(_ action: String, _ path: String) -> PluginError {
  let reason = errno
  return PluginError(
    "cannot \(action) '\(path)': \(String(cString: strerror(reason)))",
    help: reason == ENOENT
      ? "check the path; a relative one counts from the pipeline file or, without one, from the working directory"
      : nil)
}
