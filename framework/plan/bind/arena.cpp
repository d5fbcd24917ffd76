#include "framework/plan/bind/arena.hpp"

#include <algorithm>
#include <numeric>

namespace unroll {
namespace {

std::size_t aligned(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

bool alive_together(const Interval& a, const Interval& b) { return a.first <= b.last && b.first <= a.last; }

/// The lowest offset at which `bytes` meet none of the `placed` intervals, which are sorted by offset.
std::size_t lowest_gap(std::span<const Interval> intervals, std::span<const std::size_t> offsets,
                       std::span<const int> placed, const Interval& wanted) {
  std::size_t offset = 0;
  for (const int other : placed) {
    if (!alive_together(intervals[other], wanted)) continue;
    if (offsets[other] >= offset + aligned(wanted.bytes)) break;
    offset = std::max(offset, offsets[other] + aligned(intervals[other].bytes));
  }
  return offset;
}

}  // namespace

std::size_t place(std::span<const Interval> intervals, std::span<std::size_t> offsets,
                  std::vector<int>& order, bool reuse) {
  order.resize(intervals.size());
  std::iota(order.begin(), order.end(), 0);
  std::size_t total = 0;
  if (!reuse) {
    for (std::size_t i = 0; i < intervals.size(); ++i) {
      offsets[i] = total;
      total += aligned(intervals[i].bytes);
    }
    return total;
  }
  std::sort(order.begin(), order.end(), [&](int a, int b) {
    return intervals[a].bytes != intervals[b].bytes ? intervals[a].bytes > intervals[b].bytes : a < b;
  });
  for (std::size_t n = 0; n < order.size(); ++n) {
    const int id = order[n];
    offsets[id] = lowest_gap(intervals, offsets, std::span(order).first(n), intervals[id]);
    total = std::max(total, offsets[id] + aligned(intervals[id].bytes));
    // Insert by offset, so that the next search walks upwards.
    const auto at = std::upper_bound(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(n), id,
                                     [&](int a, int b) { return offsets[a] < offsets[b]; });
    std::rotate(at, order.begin() + static_cast<std::ptrdiff_t>(n),
                order.begin() + static_cast<std::ptrdiff_t>(n) + 1);
  }
  return total;
}

}  // namespace unroll
