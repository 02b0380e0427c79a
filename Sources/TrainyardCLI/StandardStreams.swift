import Glibc

/// The descriptors 0, 1 and 2 of the program.
enum StandardStreams {
  /// Takes the place of each that the program was started without, as by `>&-`: the next file to be opened would get its
  /// number, and the summary would be written into a checkpoint. What stands there cannot be used for what is expected of
  /// it: a command whose answer goes nowhere still says so.
  static func holdPlaces() {
    for number in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(number, F_GETFD) < 0 {
      _ = open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }
}
