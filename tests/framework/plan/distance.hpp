#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace unroll {

/// The largest difference of any two doubles, relative to the largest of their value; infinite where shapes
/// differ.
inline double distance(const std::vector<std::vector<std::byte>>& a,
                       const std::vector<std::vector<std::byte>>& b) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  if (a.size() != b.size()) return infinite;
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].size() != b[i].size()) return infinite;
    const auto* x = reinterpret_cast<const double*>(a[i].data());
    const auto* y = reinterpret_cast<const double*>(b[i].data());
    double top = 1e-30, apart = 0;
    for (std::size_t k = 0; k < a[i].size() / sizeof(double); ++k) {
      top = std::max(top, std::abs(x[k]));
      const double difference = std::abs(x[k] - y[k]);
      if (!(difference <= apart)) apart = difference;
    }
    if (!(apart / top <= worst)) worst = apart / top;
  }
  return worst;
}

}  // namespace unroll
