#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <vector>

#include "framework/tensor/kernels.hpp"

namespace unroll {

/// f(x) by the C library, computed in Wide.
template <class Wide>
Wide exact(Unary f, Wide x) {
  switch (f) {
    case Unary::exp:
      return std::exp(x);
    case Unary::tanh:
      return std::tanh(x);
    case Unary::sigmoid:
      return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
    case Unary::log:
      return std::log(x);
    case Unary::sin:
      return std::sin(x);
    case Unary::cos:
      return std::cos(x);
    case Unary::softplus:
      return (x < 0 ? 0 : x) + std::log1p(std::exp(-std::fabs(x)));
    default:
      throw std::logic_error("no exact value of this function");
  }
}

/// |y - value| in units of the last place of a T near `value`; 0 where both are the same infinity or NaN, and
/// Inf where only one is.
template <class T, class Wide>
double error_in_ulp(T y, Wide value) {
  constexpr double wrong = std::numeric_limits<double>::infinity();
  using Limits = std::numeric_limits<T>;
  if (std::isnan(value)) return std::isnan(y) ? 0 : wrong;
  const T rounded = static_cast<T>(value);
  if (std::isinf(rounded) || std::isinf(y)) return y == rounded ? 0 : wrong;
  int exponent = 0;
  std::frexp(value, &exponent);
  const Wide ulp = std::ldexp(Wide{1}, std::max(exponent, Limits::min_exponent) - Limits::digits);
  const double error = static_cast<double>(std::fabs(y - value) / ulp);
  return std::isnan(error) ? wrong : error;
}

struct Worst {
  double ulp = 0;
  double x = 0;
};

inline std::vector<Isa> supported_isas() {
  std::vector<Isa> isas;
  for (Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512})
    if (supported(isa)) isas.push_back(isa);
  return isas;
}

/// Adds the errors of y, computed from x, to the worst so far. What is rounded correctly needs no measuring.
template <class T, class Wide>
void compare(std::span<const T> x, std::span<const T> y, std::span<const Wide> values, Worst& worst) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (worst.ulp >= 0.5 && y[i] == static_cast<T>(values[i])) continue;
    const double ulp = error_in_ulp(y[i], values[i]);
    if (ulp > worst.ulp) worst = {ulp, static_cast<double>(x[i])};
  }
}

}  // namespace unroll
