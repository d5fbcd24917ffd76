#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace unroll {

/// Bytes that something needs from position `first` to position `last` of the code.
struct Interval {
  int first, last;
  std::size_t bytes;
};

/// Places intervals so that no two which are alive together overlap; offsets are multiples of 64. Largest
/// first, each at the lowest free place (Pisarchyk & Lee 2020, "greedy by size"). `order` is scratch. Returns
/// the bytes in all. Without `reuse` every interval gets bytes of its own.
std::size_t place(std::span<const Interval> intervals, std::span<std::size_t> offsets,
                  std::vector<int>& order, bool reuse);

}  // namespace unroll
