#include "experiments/data/splits.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "framework/random/stream.hpp"

namespace unroll {
namespace {

std::int64_t share(std::int64_t entries, double fraction) {
  if (fraction <= 0) return 0;
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(entries) * fraction));
}

}  // namespace

PartSizes part_sizes(std::int64_t entries, double validation_fraction, double test_fraction) {
  const std::int64_t validation = share(entries, validation_fraction), test = share(entries, test_fraction);
  return {entries - validation - test, validation, test};
}

std::vector<std::int64_t> random_order(std::int64_t n, std::uint64_t seed) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  Stream stream(seed, Purpose::order);
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[static_cast<std::size_t>(stream.below(static_cast<std::int64_t>(i)))]);
  return order;
}

std::vector<Range> windows_in(Range steps, std::int64_t window, std::int64_t stride) {
  std::vector<Range> all;
  for (std::int64_t first = 0; first < steps.count; first += stride) {
    const std::int64_t count = std::min(window, steps.count - first);
    if (count < window && stride < window) break;
    all.push_back({steps.first + first, count});
  }
  return all;
}

}  // namespace unroll
