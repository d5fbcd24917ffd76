#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "framework/tensor/tensor.hpp"

namespace unroll {

/// The largest difference, relative to the largest element of `a`; infinite where sizes differ or a
/// difference is no number.
template <class R>
double span_distance(std::span<const R> a, std::span<const R> b) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  if (a.size() != b.size()) return infinite;
  double top = 1e-30, apart = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    top = std::max(top, std::abs(static_cast<double>(a[i])));
    const double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    apart = std::isnan(difference) ? infinite : std::max(apart, difference);
  }
  return std::isinf(apart) ? infinite : apart / top;
}

template <class R>
double distance(const Tensor<R>& a, const Tensor<R>& b) {
  if (a.shape() != b.shape()) return std::numeric_limits<double>::infinity();
  return span_distance<R>(a.span(), b.span());
}

/// Of arrays of doubles, the worst one's.
inline double distance(const std::vector<std::vector<std::byte>>& a,
                       const std::vector<std::vector<std::byte>>& b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
  const auto doubles = [](const std::vector<std::byte>& bytes) {
    return std::span(reinterpret_cast<const double*>(bytes.data()), bytes.size() / sizeof(double));
  };
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    worst = std::max(worst, span_distance<double>(doubles(a[i]), doubles(b[i])));
  return worst;
}

}  // namespace unroll
