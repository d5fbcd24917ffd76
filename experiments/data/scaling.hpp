#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "experiments/data/sequence.hpp"

namespace unroll {

/// What is done to the columns of a table of numbers before training: x becomes (x - offset) / unit.
struct Scaling {
  std::vector<double> offset, unit;  ///< by column; none: numbers stay as they are

  void apply(Tensor<float>& rows) const;
  /// A scaled number as it was.
  double undone(double x, std::size_t column) const;

  bool operator==(const Scaling&) const = default;
};

enum class ScalingRule {
  none,
  standard,  ///< mean 0, standard deviation 1
  minmax,    ///< from 0 to 1
  bytes      ///< from 0..255 to 0..1, whatever there is
};

/// Fitted to the rows (S, columns) of `ranges` alone: those of a training part. A column that is constant
/// there has the unit 1.
Scaling fit_scaling(ScalingRule rule, const Tensor<float>& rows, const std::vector<Range>& ranges);

}  // namespace unroll
