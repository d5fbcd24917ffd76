#pragma once

#include <vector>

namespace unroll {

/// How much steeper a surface is where it is steepest: the largest absolute difference of neighbours, along
/// rows and columns, over the median one. Infinite where most of it is flat; NaN of fewer than two values and
/// where one is not finite.
double cliff_of(const std::vector<std::vector<double>>& rows);

}  // namespace unroll
