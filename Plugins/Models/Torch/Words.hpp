#ifndef TRAINYARD_TORCH_WORDS_HPP
#define TRAINYARD_TORCH_WORDS_HPP

#include <c10/util/Exception.h>

#include <string>
#include <utility>

#include "trainyard.hpp"

/* Torch's errors as one line: it says where in its own code it stood, and a user asks what does not fit. */
namespace trainyard_torch {

/* The last error that a text of the interpreter tells of, without the traceback around it. */
inline std::string shortened(const std::string &text) {
  static const char *const marks[] = {"RuntimeError: ", "torch.jit.Error: ", "Error: "};
  std::size_t start = 0;
  for (const char *mark : marks) {
    const auto found = text.rfind(mark);
    if (found == std::string::npos) continue;
    start = found + std::char_traits<char>::length(mark);
    break;
  }
  while (start < text.size() && (text[start] == '\n' || text[start] == ' ')) start++;
  std::string line = text.substr(start, text.find('\n', start) - start);
  constexpr std::size_t most = 400;
  if (line.size() > most) {
    std::size_t end = most;
    while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) end--;  // whole characters of UTF-8
    line = line.substr(0, end) + "…";
  }
  return line;
}

/* Runs what calls torch; what it throws becomes `place: its words` and, where there is one, a help line. */
template <class Body>
auto saying(const std::string &place, const std::string &help, Body &&body) -> decltype(body()) {
  const std::string tail = help.empty() ? "" : "\nhelp: " + help;
  try {
    return std::forward<Body>(body)();
  } catch (const trainyard::Failure &) {
    throw;
  } catch (const std::bad_alloc &) {
    throw;
  } catch (const c10::Error &error) {
    throw trainyard::Failure(place + ": " + shortened(error.what_without_backtrace()) + tail);
  } catch (const std::exception &error) {
    throw trainyard::Failure(place + ": " + shortened(error.what()) + tail);
  }
}

}  // namespace trainyard_torch

#endif
