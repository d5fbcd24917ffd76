#include "experiments/train/windows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace unroll {

std::vector<Window> windows_of(std::int64_t steps, std::int64_t window, std::int64_t stride) {
  if (stride < 1 || stride > window)
    throw std::invalid_argument(
        fmt::format("train.stride: an update every {} steps through the last {} (train.window) of them; "
                    "stride must be from 1 to window",
                    stride, window));
  std::vector<Window> windows;
  for (std::int64_t counted = 0; counted < steps; counted += stride)
    windows.push_back(
        {std::max<std::int64_t>(0, counted + stride - window), counted, std::min(counted + stride, steps)});
  return windows;
}

}  // namespace unroll
