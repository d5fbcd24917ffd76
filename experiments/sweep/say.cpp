#include "experiments/sweep/say.hpp"

#include <algorithm>
#include <string_view>

#include "experiments/text/visible.hpp"

namespace unroll {

namespace {

// More than any line that the program itself writes, and than a path that a person would read.
constexpr std::size_t longest_line = 2000;

bool is_continuation(char byte) { return (byte & 0xC0) == 0x80; }

/// Its beginning and its end, cut between code points.
std::string shortened(std::string_view line) {
  if (line.size() <= longest_line) return std::string(line);
  std::size_t head = longest_line / 2, tail = line.size() - longest_line / 2;
  while (head > 0 && is_continuation(line[head])) --head;
  while (tail < line.size() && is_continuation(line[tail])) ++tail;
  return fmt::format("{} ... [{} bytes] ... {}", line.substr(0, head), tail - head, line.substr(tail));
}

}  // namespace

std::string message_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += shortened(text.substr(0, end));
    if (end < text.size()) out += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return fit_for_terminal(out);
}

}  // namespace unroll
