#include "framework/optim/clipping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

namespace unroll {
namespace {

void check_threshold(const char* name, double threshold) {
  if (!(threshold > 0))
    throw std::invalid_argument(fmt::format("{}: the threshold must be above 0, got {}", name, threshold));
}

double sum_of_squares(const float* x, std::size_t n) {
  // Eight running sums in a fixed order: one sum alone would wait for each addition to end.
  std::array<double, 8> sums{};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += double(x[i + lane]) * double(x[i + lane]);
  for (std::size_t lane = 0; i < n; ++i, ++lane) sums[lane] += double(x[i]) * double(x[i]);
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

template <class Span>
double norm_of(std::span<const Span> gradients) {
  double sum = 0;
  for (const auto& gradient : gradients) sum += sum_of_squares(gradient.data(), gradient.size());
  return std::sqrt(sum);
}

}  // namespace

void clip_by_value(std::span<const std::span<float>> gradients, float threshold) {
  check_threshold("clip_by_value", threshold);
  for (const auto& gradient : gradients)
    for (float& g : gradient) g = std::clamp(g, -threshold, threshold);
}

double global_norm(std::span<const std::span<const float>> gradients) { return norm_of(gradients); }
double global_norm(std::span<const std::span<float>> gradients) { return norm_of(gradients); }

double clip_by_norm(std::span<const std::span<float>> gradients, double threshold) {
  check_threshold("clip_by_norm", threshold);
  const double norm = global_norm(gradients);
  if (!std::isfinite(norm) || norm <= threshold) return norm;
  const double scale = threshold / norm;
  for (const auto& gradient : gradients)
    for (float& g : gradient) g = static_cast<float>(g * scale);
  return norm;
}

}  // namespace unroll
