#include "experiments/train/euclidean_norm.hpp"

#include <algorithm>
#include <cmath>

namespace unroll {

double euclidean_norm(std::span<const double> values) {
  double largest = 0;
  for (const double x : values) {
    if (std::isnan(x)) return x;
    largest = std::max(largest, std::abs(x));
  }
  if (largest == 0 || std::isinf(largest)) return largest;
  // The square of a number below 1e-161 is 0: the largest one is taken out first.
  double sum = 0;
  for (const double x : values) sum += (x / largest) * (x / largest);
  return largest * std::sqrt(sum);
}

}  // namespace unroll
