#pragma once

#include <cstdint>
#include <vector>

namespace unroll {

/// One update of truncated BPTT: the gradient flows back through the steps [first, end), and the losses of
/// [counted, end) count.
struct Window {
  std::int64_t first, counted, end;

  std::int64_t length() const { return end - first; }
  bool operator==(const Window&) const = default;
};

/// The windows of a sequence of `steps`: an update every `stride` steps, each through the `window` steps that
/// end there, fewer at the start of the sequence. What is left at its end is one more update, as if the
/// sequence went on. Every step's loss counts in exactly one of them. BPTT(h; h')
/// of Williams & Peng 1990 with h = window, h' = stride. Throws std::invalid_argument, naming both, unless
/// 1 <= stride <= window.
std::vector<Window> windows_of(std::int64_t steps, std::int64_t window, std::int64_t stride);

}  // namespace unroll
