#include "framework/plan/bind/arena.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace unroll;

namespace {

struct Layout {
  std::vector<std::size_t> offsets;
  std::size_t bytes;
};

Layout lay_out(const std::vector<Interval>& intervals, bool reuse = true) {
  Layout layout{std::vector<std::size_t>(intervals.size()), 0};
  std::vector<int> scratch;
  layout.bytes = place(intervals, layout.offsets, scratch, reuse);
  return layout;
}

bool overlap(const Interval& a, std::size_t at, const Interval& b, std::size_t bt) {
  return a.first <= b.last && b.first <= a.last && at < bt + b.bytes && bt < at + a.bytes;
}

}  // namespace

TEST_CASE("[arena] what is not alive together shares bytes, what is does not") {
  const Layout one = lay_out({{0, 1, 64}, {2, 3, 64}, {1, 2, 64}});
  CHECK(one.bytes == 128);
  CHECK(one.offsets[0] == one.offsets[1]);
  CHECK(one.offsets[2] != one.offsets[0]);
  CHECK(lay_out({{0, 1, 64}, {1, 2, 64}}).bytes == 128);  // read and made by the same instruction
}

TEST_CASE("[arena] the largest come first, each at the lowest gap that it fits into") {
  const Layout layout = lay_out({{0, 9, 64}, {0, 3, 256}, {5, 9, 128}, {5, 9, 64}});
  CHECK(layout.offsets[1] == 0);
  CHECK(layout.offsets[2] == 0);
  CHECK(layout.offsets[3] == 128);
  CHECK(layout.offsets[0] == 256);
  CHECK(layout.bytes == 320);
}

TEST_CASE("[arena] offsets are multiples of 64, and nothing takes nothing") {
  const Layout layout = lay_out({{0, 9, 1}, {0, 9, 65}, {0, 9, 0}});
  CHECK(layout.offsets[0] % 64 == 0);
  CHECK(layout.offsets[1] % 64 == 0);
  CHECK(layout.bytes == 64 + 128);
  CHECK(lay_out({}).bytes == 0);
}

TEST_CASE("[arena] without reuse each has bytes of its own") {
  CHECK(lay_out({{0, 1, 64}, {2, 3, 64}, {4, 5, 1}}, false).bytes == 192);
}

TEST_CASE(
    "[arena] of random intervals none overlap, in no more than all of them take and no less than they need") {
  std::mt19937 random(1);
  for (int n = 0; n < 300; ++n) {
    std::vector<Interval> intervals;
    std::size_t all = 0;
    for (std::size_t k = 1 + random() % 40; k-- > 0;) {
      const int first = static_cast<int>(random() % 30);
      intervals.push_back({first, first + static_cast<int>(random() % 10), random() % 500});
      all += (intervals.back().bytes + 63) / 64 * 64;
    }
    const Layout layout = lay_out(intervals);
    bool apart = true;
    for (std::size_t i = 0; i < intervals.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        apart = apart && !overlap(intervals[i], layout.offsets[i], intervals[j], layout.offsets[j]);
    CHECK(apart);
    std::size_t most = 0;
    for (int time = 0; time < 40; ++time) {
      std::size_t alive = 0;
      for (const Interval& i : intervals) alive += i.first <= time && time <= i.last ? i.bytes : 0;
      most = std::max(most, alive);
    }
    CHECK(layout.bytes >= most);
    CHECK(layout.bytes <= all);
  }
}
