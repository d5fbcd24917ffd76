#pragma once

#include <limits>

namespace unroll {

/// What is not finite in double: beyond every number, and none.
inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace unroll
