#include "experiments/train/windows.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace unroll;

namespace {

/// Calls f(steps, window, stride) for every small combination that is allowed.
template <class F>
void for_all(F f) {
  for (std::int64_t steps = 1; steps <= 25; ++steps)
    for (std::int64_t window = 1; window <= 30; ++window)
      for (std::int64_t stride = 1; stride <= window; ++stride) f(steps, window, stride);
}

}  // namespace

TEST_CASE("[windows] every step's loss counts exactly once, in order") {
  for_all([](std::int64_t steps, std::int64_t window, std::int64_t stride) {
    std::int64_t next = 0;
    for (const Window& w : windows_of(steps, window, stride)) {
      REQUIRE(w.counted == next);
      REQUIRE(w.end > w.counted);
      next = w.end;
    }
    REQUIRE(next == steps);
  });
}

TEST_CASE("[windows] no window is longer than asked for, and none reaches out of the sequence") {
  for_all([](std::int64_t steps, std::int64_t window, std::int64_t stride) {
    for (const Window& w : windows_of(steps, window, stride)) {
      REQUIRE(w.first >= 0);
      REQUIRE(w.first <= w.counted);
      REQUIRE(w.end <= steps);
      REQUIRE(w.length() <= window);
      REQUIRE(w.end - w.counted <= stride);
    }
  });
}

TEST_CASE("[windows] every loss reaches window - stride steps back at least, or to the start") {
  for_all([](std::int64_t steps, std::int64_t window, std::int64_t stride) {
    for (const Window& w : windows_of(steps, window, stride))
      REQUIRE((w.first == 0 || w.counted - w.first == window - stride));
  });
}

TEST_CASE("[windows] a stride as long as the window makes windows side by side") {
  for_all([](std::int64_t steps, std::int64_t window, std::int64_t stride) {
    if (stride != window) return;
    for (const Window& w : windows_of(steps, window, stride)) REQUIRE(w.first == w.counted);
  });
}

TEST_CASE("[windows] a stride as long as the sequence is full BPTT") {
  for_all([](std::int64_t steps, std::int64_t window, std::int64_t stride) {
    if (stride < steps) return;
    REQUIRE(windows_of(steps, window, stride) == std::vector<Window>{{0, 0, steps}});
  });
}

TEST_CASE("[windows] an example") {
  CHECK(windows_of(10, 5, 3) == std::vector<Window>{{0, 0, 3}, {1, 3, 6}, {4, 6, 9}, {7, 9, 10}});
}

TEST_CASE("[windows] a stride above the window, or none, is refused with both") {
  CHECK_THROWS_WITH_AS(windows_of(10, 4, 5), doctest::Contains("every 5 steps through the last 4"),
                       std::invalid_argument);
  CHECK_THROWS_AS(windows_of(10, 4, 0), std::invalid_argument);
}
