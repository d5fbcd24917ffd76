#include "experiments/data/scaling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace unroll {
namespace {

constexpr double largest_byte = 255;

/// Calls `use` with (column, x) of every number of the ranges.
template <class Use>
void for_each(const Tensor<float>& rows, const std::vector<Range>& ranges, const Use& use) {
  const std::int64_t columns = rows.shape().back();
  for (const Range& range : ranges)
    for (std::int64_t s = range.first; s < range.first + range.count; ++s)
      for (std::int64_t c = 0; c < columns; ++c)
        use(static_cast<std::size_t>(c), static_cast<double>(rows[s * columns + c]));
}

double unit_or_one(double unit) { return unit > 0 ? unit : 1; }

Scaling standard(const Tensor<float>& rows, const std::vector<Range>& ranges, Scaling scaling) {
  double count = 0;
  for (const Range& range : ranges) count += static_cast<double>(range.count);
  std::vector<double> mean(scaling.unit.size()), variance(scaling.unit.size());
  for_each(rows, ranges, [&](std::size_t c, double x) { mean[c] += x / count; });
  for_each(rows, ranges,
           [&](std::size_t c, double x) { variance[c] += (x - mean[c]) * (x - mean[c]) / count; });
  scaling.offset = mean;
  for (std::size_t c = 0; c < variance.size(); ++c) {
    // What rounding leaves of a constant column is no variance.
    const double least = std::abs(mean[c]) * std::numeric_limits<float>::epsilon();
    const double deviation = std::sqrt(variance[c]);
    scaling.unit[c] = unit_or_one(deviation > least ? deviation : 0);
  }
  return scaling;
}

Scaling minmax(const Tensor<float>& rows, const std::vector<Range>& ranges, Scaling scaling) {
  std::vector<double> most(scaling.unit.size(), -std::numeric_limits<double>::infinity());
  std::vector<double> least(scaling.unit.size(), std::numeric_limits<double>::infinity());
  for_each(rows, ranges, [&](std::size_t c, double x) {
    most[c] = std::max(most[c], x);
    least[c] = std::min(least[c], x);
  });
  for (std::size_t c = 0; c < most.size(); ++c) scaling.unit[c] = unit_or_one(most[c] - least[c]);
  scaling.offset = least;
  return scaling;
}

}  // namespace

void Scaling::apply(Tensor<float>& rows) const {
  if (unit.empty()) return;
  const std::int64_t columns = rows.shape().back();
  for (std::int64_t i = 0; i < rows.numel(); ++i) {
    const auto c = static_cast<std::size_t>(i % columns);
    rows[i] = static_cast<float>((static_cast<double>(rows[i]) - offset[c]) / unit[c]);
  }
}

double Scaling::undone(double x, std::size_t column) const {
  return unit.empty() ? x : x * unit[column] + offset[column];
}

Scaling fit_scaling(ScalingRule rule, const Tensor<float>& rows, const std::vector<Range>& ranges) {
  const auto columns = static_cast<std::size_t>(rows.shape().back());
  const Scaling none{std::vector<double>(columns, 0.0), std::vector<double>(columns, 1.0)};
  switch (rule) {
    case ScalingRule::none:
      return none;
    case ScalingRule::standard:
      return standard(rows, ranges, none);
    case ScalingRule::minmax:
      return minmax(rows, ranges, none);
    case ScalingRule::bytes:
      return {none.offset, std::vector<double>(columns, largest_byte)};
  }
  return none;
}

}  // namespace unroll
